import type { Unit } from '@comptoir/runtime'
import { beginCancellations } from './cancellation.ts'
import { awaitNoPayment } from './payment-deadline.ts'

/**
 * Begins to cancel the orders that were not paid in time, at most so many. One that is being paid in this moment is decided by
 * its payment row, as with every cancellation. Answers how many were due.
 */
export async function expireOrders(unit: Unit, limit: number): Promise<number> {
  const due = await unit.query<{ order_id: number }>(
    // Both rows or neither, and none waited for: whoever pays or cancels an order locks it before its expiry.
    `select order_id from store.order_expiry as e join store.orders as o on o.id = e.order_id
     where due <= comptoir.now() order by due, order_id limit $1::int for update skip locked`,
    [limit],
  )
  const orders = due.map((row) => row.order_id).sort((a, b) => a - b)
  if (orders.length === 0) return 0
  awaitNoPayment(unit, orders)
  await beginCancellations(unit, orders, 'expired')
  return orders.length
}
