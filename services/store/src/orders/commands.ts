import { OrderUnwanted, PaymentTaken, placeOrder } from '@comptoir/contracts'
import type { Work } from '@comptoir/runtime'
import { beginCancellations } from './cancellation.ts'
import type { OrderStatus } from './order.ts'

/** What became of a wish to cancel: `cancelling` ends by itself; the other answers are final. */
export type Cancellation =
  | { readonly kind: 'cancelling' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'refused'; readonly status: OrderStatus }

/**
 * Asks for an order to be cancelled. PENDING: its saga is settled, or who drives it is asked to, and ends CANCELLED unless its payment is made already; for
 * that the wish is recorded, and the transaction that links the payment begins the cancellation. PLACED: it begins now. CANCELLING: the wish joins the one before.
 */
export function requestCancellation(work: Work, id: number): Promise<Cancellation> {
  return work.transaction(async (unit) => {
    const [order] = await unit.query<{ status: OrderStatus; saga: string; driven: boolean }>(
      `select status, saga_id as saga, not exists (select from store.saga as s where s.id = o.saga_id) as driven
       from store.orders as o where id = $1 for update of o`,
      [id],
    )
    if (!order) return { kind: 'unknown' }
    switch (order.status) {
      case 'PENDING':
        unit.write(`update store.orders set cancel_wish = 'cancelled' where id = $1`, [id])
        if (order.driven)
          unit.publish({ to: OrderUnwanted.to, type: OrderUnwanted.type, key: order.saga, data: { order_id: id } })
        else unit.settle(placeOrder, order.saga, 'cancelled')
        return { kind: 'cancelling' }
      case 'PLACED':
        await beginCancellations(unit, [id], 'cancelled')
        return { kind: 'cancelling' }
      case 'CANCELLING':
        return { kind: 'cancelling' }
      case 'CANCELLED':
      case 'EXPIRED':
        return { kind: 'ended' }
      case 'PAID':
      case 'NEEDS_ATTENTION':
        return { kind: 'refused', status: order.status }
      default:
        return order.status satisfies never
    }
  })
}

/** Tells payments that the order's payment was taken by other means. Its payment row decides whether that still can be. */
export function takePayment(work: Work, id: number, key: string): Promise<void> {
  return work.transaction(async (unit) => {
    unit.publish({ to: PaymentTaken.to, type: PaymentTaken.type, key, data: { order_id: id } })
  })
}
