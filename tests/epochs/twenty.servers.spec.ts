import { pendingMigrations } from '@comptoir/runtime'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrations } from '../../apps/comptoir/src/instance.ts'
import { type OwnDatabase, ownDatabase } from '../cluster/database.ts'
import { databaseUrl } from '../kit/servers/addresses.ts'
import { until } from '../kit/wait.ts'
import { ending } from './roles.ts'

let database: OwnDatabase
beforeAll(async () => {
  database = await ownDatabase(databaseUrl())
})
afterAll(() => database.drop())

it('F26: twenty processes migrate one empty database at once, and all of them find it up to date', {
  timeout: 240_000,
}, async () => {
  // All of them have come before one may begin.
  const ended = await database.look((db) =>
    db.transaction(async (tx) => {
      // Twenty processes are begun before it goes on.
      await tx.query('set local idle_in_transaction_session_timeout = 0')
      await tx.query(`select from pg_advisory_xact_lock(hashtext('comptoir.migration'))`)
      const commands = Array.from({ length: 20 }, () => ending(['migrate'], database.url))
      await until(
        'all twenty wait',
        async () => {
          const waiting = await tx.query(
            `select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`,
          )
          return waiting.length === 20
        },
        120_000,
      )
      return commands
    }),
  )
  expect(await Promise.all(ended)).toEqual(
    Array.from({ length: 20 }, () => ({ code: 0, signal: null, text: expect.stringContaining('is up to date') })),
  )
  const [twice] = await database.look((db) =>
    db.query('select count(*) - count(distinct (owner, number)) as n from comptoir.migration'),
  )
  expect(twice).toEqual({ n: 0 })
  expect(await database.look((db) => pendingMigrations(db, migrations))).toEqual([])
})
