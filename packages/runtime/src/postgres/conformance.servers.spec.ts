import { afterAll, beforeAll, describe } from 'vitest'
import { databaseConformance } from '../testing/database-conformance.ts'
import { type ScratchDatabase, scratchDatabase, serverUrl } from '../testing/scratch-postgres.ts'
import { openPostgres } from './database.ts'

describe.skipIf(!serverUrl)('on a server', () => {
  let scratch: ScratchDatabase
  beforeAll(async () => {
    scratch = await scratchDatabase()
  })
  afterAll(() => scratch.drop())

  databaseConformance('PostgreSQL', () => openPostgres({ url: scratch.url, application: 'conformance' }), { concurrent: true })
})
