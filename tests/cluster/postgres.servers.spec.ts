import { afterAll, beforeAll, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../scripts/servers/postgres.mjs'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { restart } from './restart.ts'
import { weather } from './storm.ts'

const seed = Number(process.env.COMPTOIR_CRASH_SEED ?? Date.now() % 2 ** 31)

let server: PostgresServer
let database: OwnDatabase
beforeAll(async () => {
  // A server of its own, which is to be killed.
  server = await startPostgres()
  database = await ownDatabase(server.url)
})
afterAll(() => server.stop('kill'))

test(
  `F4, F5, F6, F9, F22, F23: I1 to I10, I12 to I17, I19 and I20 hold after kills, freezes and restarts of three instances and their PostgreSQL (random seed ${seed})`,
  () =>
    weather({
      name: 'three instances and PostgreSQL',
      seed,
      postgres: server,
      database,
      faults: [
        'kill',
        'freeze',
        restart(server, 'clean'),
        'stop',
        'kill',
        'freeze',
        restart(server, 'kill'),
        'kill',
        'freeze',
        'stop',
      ],
    }),
  600_000,
)
