import { afterAll, beforeAll } from 'vitest'
import { DatabaseLeases } from './database-leases.ts'
import { engineMigrations, migrate, sharedMigrations } from './migrate.ts'
import { openPglite, type PgliteDatabase } from './pglite/index.ts'
import { cutOffLeases } from './testing/cut-off-leases.ts'
import { leasesConformance } from './testing/leases-conformance.ts'

let database: PgliteDatabase
beforeAll(async () => {
  database = await openPglite()
  await migrate(database, [sharedMigrations, engineMigrations('a')])
})
afterAll(() => database.close())

leasesConformance('PGlite', async () => {
  await database.query('delete from a.lease')
  const { leases, cutOff } = cutOffLeases(database, 'a', 'one')
  return { one: leases, two: new DatabaseLeases(database, 'a', 'two'), cutOff, close: () => Promise.resolve() }
})
