import { afterAll, beforeAll, expect, it } from 'vitest'
import { type PostgresServer, startPostgres } from '../../../../scripts/servers/postgres.mjs'
import type { Database } from '../ports/database.ts'
import { openPostgres } from '../postgres/index.ts'
import { eventually } from '../testing/eventually.ts'
import { prepareWorld, World } from '../testing/world.ts'
import { Projector } from './projector.ts'

// A server of its own, which is to be killed; what is not waited for stays out of its log for long.
let server: PostgresServer
let database: Database
beforeAll(async () => {
  server = await startPostgres()
  const first = await openPostgres({ url: server.url, application: 'projector', connections: 2 })
  await first.query(`alter system set wal_writer_delay = '10s'`)
  await first.query('select pg_reload_conf()')
  await first.close()
  database = await openPostgres({ url: server.url, application: 'projector', connections: 5 })
  await prepareWorld(database)
}, 60_000)
afterAll(async () => {
  await database.close()
  await server.stop('kill')
})

it('F23, I12: what a projector has shown is shown after a crash of the server, though nothing new comes', async () => {
  const world = await World.create(database)
  const projector = new Projector(world.services.a, async (tx, changes) => {
    for (const ids of changes.values())
      await tx.query(`insert into a.effect (saga, name) select gen_random_uuid(), i from unnest($1::text[]) as i`, [
        ids.map(String),
      ])
  })
  await projector.start()
  for (let n = 1; n <= 5; n += 1) {
    await world.services.a.transaction(async (unit) => unit.changed('stock', [n]))
    await eventually(async () => (await world.effects()).includes(String(n)))
    await server.stop('kill')
    await server.start()
    await eventually(async () => {
      const effects: readonly string[] = await world.effects().catch(() => [])
      return effects.includes(String(n))
    }, 20_000)
  }
  expect((await world.effects()).length).toBeGreaterThanOrEqual(5)
  await projector.stop()
}, 120_000)
