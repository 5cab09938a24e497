import type { Queryable, Work } from '@comptoir/runtime'
import type { Order } from './order.ts'

const columns = (items: string) => `order_id, saga_id, user_id, total, ${items} as items, payment_id, status, reason,
  (extract(epoch from created_at) * 1000)::float8 as created_at, version`

const shown = `select ${columns('items')}, true as projected from store_view.orders`
const written = `
  select ${columns(`(
    select json_agg(json_build_object('product_id', product_id, 'quantity', quantity, 'unit_price', unit_price) order by line)
    from store.order_items as i where i.order_id = o.order_id)::text`)}, false as projected
  from (select *, id as order_id from store.orders) as o`

type Row = Omit<Order, 'items'> & { readonly items: string; readonly projected: boolean }
const order = ({ items, projected, ...row }: Row): Order => ({ ...row, items: JSON.parse(items) as Order['items'] })

/** Orders of the read model, by id. */
export async function ordersShown(db: Queryable, ids: readonly number[]): Promise<ReadonlyMap<number, Order>> {
  const rows = await db.query<Row>(`${shown} where order_id = any($1::bigint[])`, [ids])
  return new Map(rows.map((row) => [row.order_id, order(row)]))
}

/** An order from the read model (`projected`), or, when that does not hold it, from the write side. */
export async function findOrder(work: Work, id: number): Promise<{ order: Order; projected: boolean } | undefined> {
  const [row] = await work.query<Row>(selectOrder, [id])
  return row && { order: order(row), projected: row.projected }
}

// One statement: between two, the read model could get a version that is older than the one answered here, and show it later.
const selectOrder = `${shown} where order_id = $1
  union all ${written} where order_id = $1 and not exists (select from store_view.orders as v where v.order_id = $1)`

/** An order from the write side. */
export async function writtenOrder(work: Work, id: number): Promise<Order | undefined> {
  const [row] = await work.query<Row>(`${written} where order_id = $1`, [id])
  return row && order(row)
}

/** The newest orders of the read model, or those before a given one, newest first. */
export async function listOrders(db: Queryable, limit: number, before = Number.MAX_SAFE_INTEGER): Promise<Order[]> {
  const rows = await db.query<Row>(`${shown} where order_id < $1 order by order_id desc limit $2`, [before, limit])
  return rows.map(order)
}
