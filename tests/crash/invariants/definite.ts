import type { Queryable } from '@comptoir/runtime'
import type { Acknowledged, OrderRequest } from '../acknowledged.ts'
import type { Statement } from './check.ts'

/** What is checked here. */
export const definiteAnswers: readonly Statement[] = [
  { invariant: 'I16', rule: 'no order is there more often than it was acknowledged, or asked for without an answer' },
  { invariant: 'I16', rule: 'no key is there but those of acknowledged orders' },
  { invariant: 'I16', rule: 'no stock adjustment is there more often than it was asked for' },
]

const contentOf = ({ user_id, items }: OrderRequest): string =>
  `${user_id}: ${[...items]
    .sort((a, b) => a.product_id - b.product_id)
    .map(({ product_id, quantity }) => `${quantity} of ${product_id}`)
    .join(', ')}`

/**
 * I16: nothing happened more often than it was asked for, and nothing that was refused. Over a store at rest, all of whose
 * clients are known; those that have a key have heard of their orders in the end.
 */
export async function effectsBeyond(db: Queryable, asked: Acknowledged): Promise<string[]> {
  const times = new Map<string, number>()
  for (const order of [...asked.orders.values(), ...asked.unansweredOrders])
    times.set(contentOf(order), (times.get(contentOf(order)) ?? 0) + 1)
  const keys = [...asked.orders.values()].flatMap(({ key }) => key ?? [])
  const adjustments = [...asked.adjustments, ...asked.unansweredAdjustments]
  const beyond = await Promise.all([
    db.query<object>(
      `select content, count(*)::int as there, coalesce(max(a.times), 0) as asked from (
         select o.user_id || ': ' || string_agg(i.quantity || ' of ' || i.product_id, ', ' order by i.product_id) as content
         from store.orders as o join store.order_items as i on i.order_id = o.id group by o.id
       ) as o left join unnest($1::text[], $2::int[]) as a(content, times) using (content)
       group by content having count(*) > coalesce(max(a.times), 0)`,
      [[...times.keys()], [...times.values()]],
    ),
    db.query<object>(
      `select key from store.idempotency_key where scope = 'POST /orders' and key not in (select unnest($1::text[]))`,
      [keys],
    ),
    db.query<object>(
      `select l.product_id, l.delta, count(*)::int as there, count(a.delta)::int as asked from store.stock_ledger as l
       left join unnest($1::int[], $2::bigint[]) as a(product_id, delta) using (product_id, delta)
       where l.kind = 'adjusted' group by l.product_id, l.delta having count(*) > 1 or count(a.delta) = 0`,
      [adjustments.map(([, product]) => product), adjustments.map(([delta]) => delta)],
    ),
  ])
  return beyond.flatMap((rows, index) => rows.map((row) => `I16 broken: ${definiteAnswers[index]?.rule} ${JSON.stringify(row)}`))
}
