import { prepareDatabase } from './prepared-database.ts'

await prepareDatabase()
