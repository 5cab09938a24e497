import { cancelOrder } from '@comptoir/contracts'
import type { Ending, Handler, Unit } from '@comptoir/runtime'
import { done, type StepsOf } from '@comptoir/saga'
import type { OrderLine } from './order.ts'
import { awaitNoPayment, awaitPayment } from './payment-deadline.ts'

/**
 * Begins CancelOrder for those of the orders that are PLACED: a compare-and-set, so that one order has one cancellation.
 */
export async function beginCancellations(unit: Unit, orders: readonly number[], reason: 'cancelled' | 'expired'): Promise<void> {
  const rows = await unit.query<{ id: number; saga: string }>(
    `update store.orders as o set status = 'CANCELLING', cancel_saga_id = c.saga, version = o.version + 1
     from unnest($1::bigint[], $2::uuid[]) as c(id, saga)
     where o.id = c.id and o.status = 'PLACED'
     returning o.id, o.cancel_saga_id as saga`,
    [orders, orders.map(() => unit.newId())],
  )
  if (rows.length === 0) return
  awaitNoPayment(
    unit,
    rows.map((row) => row.id),
  )
  const lines = await unit.query<OrderLine & { order_id: number }>(
    `select order_id, product_id, quantity from store.order_items where order_id = any($1::bigint[]) order by order_id, line`,
    [rows.map((row) => row.id)],
  )
  const itemsOf = new Map<number, OrderLine[]>(rows.map((row) => [row.id, []]))
  for (const { order_id, product_id, quantity } of lines) itemsOf.get(order_id)?.push({ product_id, quantity })
  unit.changed(
    'order',
    rows.map((row) => row.id),
  )
  unit.begin(
    cancelOrder,
    rows.map(({ id, saga }) => ({
      id: saga,
      subject: String(id),
      input: { order_id: id, reason, items: itemsOf.get(id) ?? [] },
    })),
  )
}

/** markCancelled: the payment is closed and the stock is back. */
export const markCancelled: Handler<StepsOf<typeof cancelOrder>['markCancelled']> = {
  async do(unit, tasks) {
    const rows = await unit.query<{ id: number }>(
      `update store.orders as o set status = case c.reason when 'expired' then 'EXPIRED' else 'CANCELLED' end, reason = c.reason, version = o.version + 1
       from unnest($1::bigint[], $2::text[]) as c(id, reason)
       where o.id = c.id and o.status in ('CANCELLING', 'NEEDS_ATTENTION')
       returning o.id`,
      [tasks.map((task) => task.data.input.order_id), tasks.map((task) => task.data.input.reason)],
    )
    unit.changed(
      'order',
      rows.map((row) => row.id),
    )
    return tasks.map(() => done({}))
  },
}

/**
 * A cancellation was refused. Because the payment is paid: the order is PAID. By an error: it is PLACED as before, and waits
 * for its payment anew.
 */
export const cancellationEnded =
  (payWithinMs: number) =>
  async (unit: Unit, endings: readonly Ending[]): Promise<void> => {
    const refused = endings.filter((ending) => ending.outcome === 'cancelled')
    if (refused.length === 0) return
    const rows = await unit.query<{ id: number; paid: boolean }>(
      `update store.orders as o
     set status = case when c.paid then 'PAID' else 'PLACED' end, paid = c.paid, version = o.version + 1,
       cancel_saga_id = case when c.paid then o.cancel_saga_id end
     from unnest($1::bigint[], $2::boolean[]) as c(id, paid)
     where o.id = c.id and o.status = 'CANCELLING'
     returning o.id, o.paid`,
      [refused.map(({ subject }) => Number(subject)), refused.map(({ cause }) => cause?.reason === 'paid')],
    )
    unit.changed(
      'order',
      rows.map((row) => row.id),
    )
    awaitPayment(
      unit,
      rows.flatMap((row) => (row.paid ? [] : [row.id])),
      payWithinMs,
    )
  }
