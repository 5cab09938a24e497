import type { Queryable } from '@comptoir/runtime'
import type { Acknowledged } from '../acknowledged.ts'
import type { Statement } from './check.ts'

/** What is checked here. */
export const promises: readonly Statement[] = [
  { invariant: 'I14', rule: 'an Idempotency-Key stands for the order that was answered to it' },
  { invariant: 'I15', rule: 'every acknowledged order, payment, cancellation and stock adjustment is there as it was asked for' },
]

/** I15 (and I14 from outside): everything that was acknowledged is there, with the right content. */
export async function brokenPromises(db: Queryable, acknowledged: Acknowledged): Promise<string[]> {
  const { orders, paid, cancelled, adjustments } = acknowledged
  const lost = (what: string) => (row: object) => `I15 broken: ${what} ${JSON.stringify(row)}`
  const lines = [...orders].flatMap(([order, { items }]) => items.map((item) => ({ ...item, order })))
  const keys = [...orders].flatMap(([order, { key }]) => (key === undefined ? [] : [{ order, key }]))
  const [wrongOrders, wrongLines, wrongKeys, unpaid, standing, unadjusted] = await Promise.all([
    db.query<object>(
      `select a.id, a.user_id, o.user_id as stored from unnest($1::bigint[], $2::int[]) as a(id, user_id)
       left join store.orders as o on o.id = a.id where o.user_id is distinct from a.user_id`,
      [[...orders.keys()], [...orders.values()].map((order) => order.user_id)],
    ),
    db.query<object>(
      `with asked as (select * from unnest($1::bigint[], $2::int[], $3::int[]) as l(order_id, product_id, quantity)),
         stored as (select order_id, product_id, quantity from store.order_items where order_id in (select order_id from asked))
       (select 'missing' as line, * from (select * from asked except all select * from stored) as a)
       union all (select 'not asked for', * from (select * from stored except all select * from asked) as b)`,
      [lines.map((line) => line.order), lines.map((line) => line.product_id), lines.map((line) => line.quantity)],
    ),
    db.query<object>(
      `select a.key, a.id, o.id as stored from unnest($1::text[], $2::bigint[]) as a(key, id)
       left join store.idempotency_key as k on k.scope = 'POST /orders' and k.key = a.key
       left join store.orders as o on o.saga_id::text = k.answer where o.id is distinct from a.id`,
      [keys.map(({ key }) => key), keys.map(({ order }) => order)],
    ),
    db.query<object>(`select id, status from store.orders where id = any($1::bigint[]) and status <> 'PAID'`, [[...paid]]),
    db.query<object>(`select id, status from store.orders where id = any($1::bigint[]) and status <> 'CANCELLED'`, [
      [...cancelled],
    ]),
    db.query<object>(
      `select a.product_id, a.delta, count(l.delta) from unnest($1::int[], $2::int[]) as a(product_id, delta)
       left join store.stock_ledger as l on l.kind = 'adjusted' and l.product_id = a.product_id and l.delta = a.delta
       group by a.product_id, a.delta having count(l.delta) <> 1`,
      [[...adjustments.values()], [...adjustments.keys()]],
    ),
  ])
  return [
    ...wrongOrders.map(lost('an acknowledged order is missing or of another user')),
    ...wrongLines.map(lost('a line of an acknowledged order is')),
    ...wrongKeys.map(lost('an Idempotency-Key stands for another order')),
    ...unpaid.map(lost('an acknowledged payment is not on its order')),
    ...standing.map(lost('an acknowledged cancellation is not on its order')),
    ...unadjusted.map(lost('an acknowledged stock adjustment is not in the ledger once')),
  ]
}
