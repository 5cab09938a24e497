import type { Work } from '@comptoir/runtime'
import type { Order } from './order.ts'

const shown = (items: string) => `order_id, saga_id, user_id, total, ${items} as items, payment_id, status, reason,
  (extract(epoch from created_at) * 1000)::float8 as created_at, version`

type Row = Omit<Order, 'items'> & { readonly items: string }
const order = ({ items, ...row }: Row): Order => ({ ...row, items: JSON.parse(items) as Order['items'] })

/** Orders from the read model, by id. */
export async function ordersShown(work: Work, ids: readonly number[]): Promise<ReadonlyMap<number, Order>> {
  const rows = await work.query<Row>(`select ${shown('items')} from store_view.orders where order_id = any($1::bigint[])`, [ids])
  return new Map(rows.map((row) => [row.order_id, order(row)]))
}

/** An order from the read model, or, when it is not there, from the write side. */
export async function findOrder(work: Work, id: number): Promise<Order | undefined> {
  const known = (await ordersShown(work, [id])).get(id)
  return known ?? (await writtenOrder(work, id))
}

/** An order from the write side. */
export async function writtenOrder(work: Work, id: number): Promise<Order | undefined> {
  const items = `(select json_agg(json_build_object('product_id', product_id, 'quantity', quantity, 'unit_price', unit_price) order by line)
    from store.order_items as i where i.order_id = o.order_id)::text`
  const [row] = await work.query<Row>(
    `select ${shown(items)} from (select *, id as order_id from store.orders where id = $1) as o`,
    [id],
  )
  return row && order(row)
}

/** The newest orders of the read model, or those before a given one, newest first. */
export async function listOrders(work: Work, limit: number, before: number | undefined): Promise<Order[]> {
  const rows = await work.query<Row>(
    `select ${shown('items')} from store_view.orders where order_id < $1 order by order_id desc limit $2`,
    [before ?? Number.MAX_SAFE_INTEGER, limit],
  )
  return rows.map(order)
}
