import { randomUUID } from 'node:crypto'
import type { Queryable } from '@comptoir/runtime'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { Acknowledged } from '../crash/acknowledged.ts'
import { drain } from '../crash/drain.ts'
import { checkInvariants } from '../crash/invariants.ts'
import { databaseUrl, kafkaBrokers } from '../kit/servers/addresses.ts'
import { Shop } from '../kit/shop.ts'
import { topicFaults } from '../storm/topics.ts'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'

const clientsOfEach = 8
const ordersOfEach = 16

let database: OwnDatabase
beforeAll(async () => {
  database = await ownDatabase(databaseUrl())
})
afterAll(() => database.drop())

it('F48, F22, I2, I11: half of all orders want one product, at three instances: none is refused, nobody deadlocks, and the topics show what the logs hold', async () => {
  const prefix = `hot-${randomUUID()}.`
  const env = { DATABASE_URL: database.url, KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: prefix }
  const instances = await Promise.all([1, 2, 3].map(() => startInstance(env)))
  const shops = instances.map(({ url }) => new Shop(url))
  const [first] = shops as [Shop]
  const products = await Promise.all(Array.from({ length: 12 }, () => first.product({ stock: 10_000 })))
  const [hot = 0, ...others] = products
  const acknowledged = new Acknowledged()

  const client = async (shop: Shop, number: number) => {
    for (let n = 0; n < ordersOfEach; n += 1) {
      // In either order, as clients ask: who locks as it was asked for deadlocks.
      const other = others[(number * ordersOfEach + n) % others.length] ?? 0
      const wanted = (n % 2 === 0 ? [hot, other] : [other, others[n % others.length] ?? 0]).sort(() => (n % 4 < 2 ? -1 : 1))
      const items = [...new Set(wanted)].map((product_id) => ({ product_id, quantity: 1 }))
      const id = await shop.accept(items)
      acknowledged.orders.set(id, { user_id: 1, items, key: undefined })
    }
  }
  await Promise.all(shops.flatMap((shop, s) => Array.from({ length: clientsOfEach }, (_, n) => client(shop, s + 3 * n))))
  await drain(first.url)
  const [seen] = await database.look((db) =>
    db.query<{ placed: number; all: number; hot: number }>(
      `select count(*) filter (where status = 'PLACED')::int as placed, count(*)::int as all,
         (select count(*)::int from store.order_items where product_id = $1) as hot
       from store.orders`,
      [hot],
    ),
  )
  const all = 3 * clientsOfEach * ordersOfEach
  expect(seen).toMatchObject({ placed: all, all })
  expect(seen?.hot).toBeGreaterThanOrEqual(all / 2)
  expect(await first.stock(hot)).toBe(10_000 - (seen?.hot ?? 0))
  for (const instance of instances) expect((await instance.stop()).code, instance.output()).toBe(0)
  expect(await database.look(deadlocks)).toBe(0)
  expect(await database.look((db) => checkInvariants(db, acknowledged))).toEqual([])
  expect(await database.look((db) => topicFaults(db, { brokers: kafkaBrokers(), prefix }))).toEqual([])
}, 180_000)

it('F44, F22, I2: 400 buyers at three instances, 100 units: exactly 100 get one, and nobody deadlocks', async () => {
  const own = await ownDatabase(databaseUrl())
  onTestFinished(() => own.drop())
  const instances = await Promise.all([1, 2, 3].map(() => startInstance(own.url)))
  const shops = instances.map(({ url }) => new Shop(url))
  const [first] = shops as [Shop]
  const items = [{ product_id: await first.product({ stock: 100 }), quantity: 1 }]
  const acknowledged = new Acknowledged()
  const buyers = Array.from({ length: 400 }, async (_, n) => {
    acknowledged.orders.set(await (shops[n % shops.length] as Shop).accept(items), { user_id: 1, items, key: undefined })
  })
  await Promise.all(buyers)
  await drain(first.url)
  const statuses: string[] = []
  for (const id of acknowledged.orders.keys()) statuses.push((await first.order(id)).status)
  expect(statuses.filter((status) => status === 'PLACED')).toHaveLength(100)
  expect(statuses.filter((status) => status === 'CANCELLED')).toHaveLength(300)
  expect(await first.stock(items[0]?.product_id ?? 0)).toBe(0)
  for (const instance of instances) expect((await instance.stop()).code, instance.output()).toBe(0)
  expect(await own.look(deadlocks)).toBe(0)
  expect(await own.look((db) => checkInvariants(db, acknowledged))).toEqual([])
}, 180_000)

async function deadlocks(db: Queryable): Promise<number | undefined> {
  const rows = await db.query<{ n: number }>(
    'select deadlocks::int as n from pg_stat_database where datname = current_database()',
  )
  return rows[0]?.n
}
