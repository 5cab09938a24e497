import { cancelReason, OrderClosed, type placeOrder } from '@comptoir/contracts'
import { toDecimal } from '@comptoir/http'
import type { Handler, Unit } from '@comptoir/runtime'
import { done, failed, type StepsOf } from '@comptoir/saga'
import { type OrderInput, price } from './pricing.ts'
import { readShop } from './shop.ts'

type Step = StepsOf<typeof placeOrder>['createOrder']

/** createOrder: prices the lines and writes the orders; its undo marks them CANCELLED. */
export const createOrder: Handler<Step> = {
  async do(unit, tasks) {
    const shop = await readShop(
      unit,
      tasks.map((task) => task.data.input),
    )
    const orders = tasks.map((task) => ({ saga: task.saga, input: task.data.input, priced: price(task.data.input, shop) }))
    const accepted = orders.flatMap(({ saga, input, priced }) => ('total' in priced ? [{ saga, input, ...priced }] : []))
    const ids = accepted.length > 0 ? await insertOrders(unit, accepted) : new Map<string, number>()
    return orders.map(({ saga, priced }) => {
      if ('reason' in priced) return failed(priced.reason, priced.pointer)
      return done({ order_id: ids.get(saga) ?? 0, total_amount: toDecimal(priced.total) })
    })
  },
  async undo(unit, undos) {
    const rows = await unit.query<{ id: number; saga_id: string }>(
      `update store.orders as o set status = 'CANCELLED', reason = u.reason, version = o.version + 1
       from unnest($1::bigint[], $2::text[]) as u(id, reason)
       where o.id = u.id and o.status in ('PENDING', 'NEEDS_ATTENTION')
       returning o.id, o.saga_id`,
      [undos.map((undo) => undo.result.order_id), undos.map((undo) => cancelReason(undo.cause.reason))],
    )
    unit.changed(
      'order',
      rows.map((row) => row.id),
    )
    for (const row of rows)
      unit.publish({ to: OrderClosed.to, type: OrderClosed.type, key: row.saga_id, data: { order_id: row.id } })
  },
}

async function insertOrders(
  unit: Unit,
  orders: readonly { saga: string; input: OrderInput; total: number; prices: readonly number[] }[],
): Promise<Map<string, number>> {
  const rows = await unit.query<{ id: number; saga_id: string }>(
    `insert into store.orders (saga_id, user_id, total, status)
     select saga, user_id, total, 'PENDING' from unnest($1::uuid[], $2::int[], $3::bigint[]) as o(saga, user_id, total)
     returning id, saga_id`,
    [orders.map((order) => order.saga), orders.map((order) => order.input.user_id), orders.map((order) => order.total)],
  )
  const ids = new Map(rows.map((row) => [row.saga_id, row.id]))
  const lines = orders.flatMap(({ saga, input, prices }) =>
    input.items.map((item, line) => ({ ...item, order: ids.get(saga) ?? 0, line: line + 1, unitPrice: prices[line] ?? 0 })),
  )
  unit.write(
    `insert into store.order_items (order_id, line, product_id, quantity, unit_price)
     select * from unnest($1::bigint[], $2::smallint[], $3::int[], $4::int[], $5::bigint[])`,
    [
      lines.map((l) => l.order),
      lines.map((l) => l.line),
      lines.map((l) => l.product_id),
      lines.map((l) => l.quantity),
      lines.map((l) => l.unitPrice),
    ],
  )
  unit.changed('new order', ids.values())
  return ids
}
