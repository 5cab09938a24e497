import type { Queryable } from '@comptoir/runtime'
import type { Redis } from 'ioredis'
import { entryOfOrder } from './orders/entries.ts'
import { ordersShown } from './orders/queries.ts'
import { entryOfStock } from './stock/entries.ts'
import { stockShown } from './stock/queries.ts'

/**
 * How what Redis holds differs from the tables, by key, both ways.
 *
 * @param linkTo the absolute URL to pay a payment at, as whoever entered the orders has it
 */
export async function readStoreDifferences(db: Queryable, redis: Redis, linkTo: (payment: number) => string): Promise<string[]> {
  const ids = async (select: string) => (await db.query<{ id: number }>(select)).map(({ id }) => id)
  const [orders, stock] = await Promise.all([
    ordersShown(db, await ids('select id from store.orders')),
    stockShown(db, await ids('select product_id as id from store.stocks')),
  ])
  const expected = [
    ...[...orders.values()].map((order) => ({ key: `order:${order.order_id}`, entry: entryOfOrder(order, linkTo) })),
    ...stock.map((row) => ({ key: `stock:${row.product_id}`, entry: entryOfStock(row) })),
  ]
  const [generation, keys] = await Promise.all([redis.get('generation'), redis.keys('*:*')])
  const known = new Set(['complete:1', ...expected.map(({ key }) => key)])
  const differing = await Promise.all(
    expected.map(async ({ key, entry: { version, fields } }) => {
      const found = await redis.hgetall(key)
      const wanted: Record<string, string> = { ...fields, version: String(version), generation: generation ?? '' }
      const names = new Set([...Object.keys(found), ...Object.keys(wanted)])
      return [...names].flatMap((name) =>
        found[name] === wanted[name] ? [] : [`${key} ${name}: ${found[name]} is not ${wanted[name]}`],
      )
    }),
  )
  return [...keys.filter((key) => !known.has(key)), ...differing.flat()]
}
