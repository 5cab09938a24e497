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
 * Cancellations were refused. Because the payment is paid: the order is PAID. By an error: it is PLACED as before, and waits for
 * its payment anew.
 */
export const cancellationEnded =
  (payWithinMs: number) =>
  async (unit: Unit, endings: readonly Ending[]): Promise<void> => {
    const refused = endings.filter(({ outcome }) => outcome === 'cancelled')
    if (refused.length === 0) return
    const ordersOf = (some: readonly Ending[]) => some.map(({ subject }) => Number(subject))
    const [paid, placed] = await Promise.all([
      markPaid(unit, ordersOf(refused.filter(({ cause }) => cause?.reason === 'paid'))),
      markPlaced(unit, ordersOf(refused.filter(({ cause }) => cause?.reason !== 'paid'))),
    ])
    unit.changed('order', [...paid, ...placed])
    awaitPayment(unit, placed, payWithinMs)
  }

/**
 * Not those that somebody else is writing: the event of their payment makes them PAID, too. It comes by another key, to any
 * instance, and two that waited for the orders of each other would deadlock.
 */
const markPaid = (unit: Unit, orders: readonly number[]) =>
  idsOf(
    unit,
    `with free as (select id from store.orders where id = any($1::bigint[]) and status = 'CANCELLING' for update skip locked)
     update store.orders as o set status = 'PAID', paid = true, version = o.version + 1 from free where o.id = free.id returning o.id`,
    orders,
  )

const markPlaced = (unit: Unit, orders: readonly number[]) =>
  idsOf(
    unit,
    `update store.orders set status = 'PLACED', version = version + 1, cancel_saga_id = null
     where id = any($1::bigint[]) and status = 'CANCELLING' returning id`,
    orders,
  )

async function idsOf(unit: Unit, statement: string, orders: readonly number[]): Promise<number[]> {
  if (orders.length === 0) return []
  return (await unit.query<{ id: number }>(statement, [orders])).map(({ id }) => id)
}
