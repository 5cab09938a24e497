import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { engineMigrations, migrate, sharedMigrations } from '../migrate.ts'
import type { Database } from '../ports/database.ts'
import { cutOffLeases } from '../testing/cut-off-leases.ts'
import { leasesConformance } from '../testing/leases-conformance.ts'
import { databaseName, openDatabase } from '../testing/open-database.ts'
import { DatabaseLeases } from './database-leases.ts'

let database: Database
beforeAll(async () => {
  database = await openDatabase()
  await migrate(database, [sharedMigrations, engineMigrations('a')])
})
afterAll(() => database.close())

leasesConformance(databaseName, async () => {
  await database.query('delete from a.lease')
  const { leases, cutOff } = cutOffLeases(database, 'a', 'one')
  return { one: leases, two: new DatabaseLeases(database, 'a', 'two'), cutOff, close: () => Promise.resolve() }
})

it('F6: a lease whose answer came when its time was over is not used', async () => {
  await database.query('delete from a.lease')
  const now = performance.now.bind(performance)
  let stoodStill = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now() + stoodStill)
  let taken = 0
  const slow: Database = {
    query: async (text, values) => {
      const rows = await database.query(text, values)
      if (text.startsWith('insert into') && ++taken === 1) stoodStill = 60_000
      return rows as never
    },
    transaction: (work) => database.transaction(work),
    script: (text) => database.script(text),
    close: () => database.close(),
  }
  try {
    const lease = await new DatabaseLeases(slow, 'a', 'one').acquire('work', new AbortController().signal)
    expect([taken, lease?.lost.aborted]).toEqual([2, false])
    await lease?.release()
  } finally {
    vi.restoreAllMocks()
  }
})
