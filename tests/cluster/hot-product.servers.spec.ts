import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Acknowledged } from '../crash/acknowledged.ts'
import { drain } from '../crash/drain.ts'
import { checkInvariants } from '../crash/invariants.ts'
import { databaseUrl, kafkaBrokers } from '../kit/servers/addresses.ts'
import { Shop } from '../kit/shop.ts'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'
import { kcat } from './kcat.ts'

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
    db.query<{ placed: number; all: number; deadlocks: number; hot: number }>(
      `select count(*) filter (where status = 'PLACED')::int as placed, count(*)::int as all,
         (select deadlocks::int from pg_stat_database where datname = current_database()) as deadlocks,
         (select count(*)::int from store.order_items where product_id = $1) as hot
       from store.orders`,
      [hot],
    ),
  )
  const all = 3 * clientsOfEach * ordersOfEach
  expect(seen).toMatchObject({ placed: all, all, deadlocks: 0 })
  expect(seen?.hot).toBeGreaterThanOrEqual(all / 2)
  expect(await first.stock(hot)).toBe(10_000 - (seen?.hot ?? 0))
  for (const instance of instances) expect((await instance.stop()).code, instance.output()).toBe(0)
  expect(await database.look((db) => checkInvariants(db, acknowledged))).toEqual([])

  for (const mailbox of ['store', 'payments', 'store.control', 'payments.control']) {
    const shown = recordsOf(`${prefix}${mailbox}`)
    const said = await database.look((db) =>
      db.query<{ record: string }>(
        `select concat_ws(' ', key, type, body) as record from (select * from store.log union all select * from payments.log) as l where mailbox = $1`,
        [mailbox],
      ),
    )
    expect(shown.length).toBeGreaterThanOrEqual(said.length)
    expect(new Set(shown)).toEqual(new Set(said.map(({ record }) => record)))
  }
})

/** Key, type and data of every record of a topic. */
function recordsOf(topic: string): string[] {
  const text = kcat(['-C', '-t', topic, '-o', 'beginning', '-e', '-f', '%k\\t%h\\t%s\\n'])
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [key, headers = '', body] = line.split('\t')
      return `${key} ${/ce_type=(\w+)/.exec(headers)?.[1]} ${body}`
    })
}
