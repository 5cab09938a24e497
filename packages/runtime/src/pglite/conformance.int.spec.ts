import { databaseConformance } from '../testing/database-conformance.ts'
import { inletConformance } from '../testing/inlet-conformance.ts'
import { logWay } from '../testing/inlet-ways.ts'
import { openPglite } from './database.ts'

databaseConformance('PGlite', () => openPglite(), { concurrent: false })

inletConformance('Reader on PGlite', async () => logWay(await openPglite()), {
  sharing: false,
  atomic: true,
  unasked: false,
  concurrent: false,
})
