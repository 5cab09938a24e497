import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type PostgresServer, startPostgres } from '../../scripts/servers/postgres.mjs'
import { Acknowledged } from '../crash/acknowledged.ts'
import { drain } from '../crash/drain.ts'
import { checkInvariants } from '../crash/invariants.ts'
import { comptoir } from '../kit/command.ts'
import { kafkaBrokers } from '../kit/servers/addresses.ts'
import { Shop } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'

/** The catalogue says 60: the horizon is held from the first moment on, and longer proves no more. */
const heldSeconds = 8

// A server of its own: the horizon is all databases'.
let server: PostgresServer
let elsewhere: OwnDatabase
beforeAll(async () => {
  server = await startPostgres()
  elsewhere = await ownDatabase(server.url)
})
afterAll(() => server.stop('kill'))

it.each([
  ['on the logs', () => ({})],
  ['with Kafka', () => ({ KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: `horizon-${randomUUID()}.` })],
])(
  `F20, I5, I8, I20: %s, while a transaction writes for ${heldSeconds} s in another database, orders are taken and doctor names it; after it all have ended`,
  async (_, links) => {
    const shop = await ownDatabase(server.url)
    const env = { DATABASE_URL: shop.url, ...links() }
    const instances = await Promise.all([startInstance(env), startInstance(env)])
    const clients = instances.map(({ url }) => new Shop(url))
    const acknowledged = new Acknowledged()
    const items = [{ product_id: 1, quantity: 1 }]
    const orders: number[] = []
    const accept = async (client: Shop) => {
      const id = await client.accept(items)
      orders.push(id)
      acknowledged.orders.set(id, { user_id: 1, items, key: undefined })
    }
    for (const client of clients) await accept(client)

    let held = false
    const holding = elsewhere.look((db) =>
      db.transaction(async (tx) => {
        await tx.query('select pg_current_xact_id()')
        held = true
        await tx.query('select pg_sleep($1)', [heldSeconds])
        held = false
      }),
    )
    await until('it writes', () => held)
    for (let n = 0; n < 5; n += 1) await Promise.all(clients.map(accept))
    const { pathname } = new URL(elsewhere.url)
    const named = new RegExp(`^!!  process \\d+ in database ${pathname.slice(1)} \\(active\\) writes since \\d+ s`, 'm')
    await until('doctor names it', async () => {
      const command = comptoir(['doctor'], { env })
      return (await command.ended).code === 1 && named.test(command.stdout())
    })
    await Promise.all(clients.map(accept))
    expect(held, 'the transaction is still open').toBe(true)

    await holding
    for (const id of orders) expect((await clients[1]?.orderAtRest(id))?.status).toBe('PLACED')
    await drain(instances[0]?.url ?? '')
    for (const instance of instances) expect((await instance.stop()).code, instance.output()).toBe(0)
    expect(await shop.look((db) => checkInvariants(db, acknowledged))).toEqual([])
  },
)
