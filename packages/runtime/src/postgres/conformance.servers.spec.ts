import { afterAll, beforeAll, describe } from 'vitest'
import { startPostgres } from '../../../../scripts/servers/postgres.mjs'
import { databaseConformance } from '../testing/database-conformance.ts'
import { inletConformance } from '../testing/inlet-conformance.ts'
import { logWay } from '../testing/inlet-ways.ts'
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

describe.skipIf(!serverUrl)('on a server of its own', () => {
  // A position stays before whatever is under way on the server, in any database, and then more than this suite expects comes again.
  let server: Awaited<ReturnType<typeof startPostgres>>
  beforeAll(async () => {
    server = await startPostgres({ settings: { autovacuum: 'off', fsync: 'off' } })
  })
  afterAll(() => server?.stop('kill'))

  const open = async () => logWay(await openPostgres({ url: server.url, application: 'conformance' }))
  inletConformance('Reader on PostgreSQL', open, { sharing: false, atomic: true, unasked: false, concurrent: true })
})
