import { databaseConformance } from '../testing/database-conformance.ts'
import { openPglite } from './database.ts'

databaseConformance('PGlite', () => openPglite(), { concurrent: false })
