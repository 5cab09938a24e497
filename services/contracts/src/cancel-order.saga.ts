import { defineSaga, message } from '@comptoir/saga'
import { Type } from 'typebox'

const nothing = Type.Object({})

/** The order to cancel, with its lines. `reason` is what the order will show: cancelled (somebody asked) or expired (not paid in time). */
export const CancelOrder = Type.Object({
  order_id: Type.Integer(),
  items: Type.Array(Type.Object({ product_id: Type.Integer(), quantity: Type.Integer() })),
  reason: Type.Union([Type.Literal('cancelled'), Type.Literal('expired')]),
})

/** A placed order is given up. The payment row decides between paying and cancelling: once it is closed, nothing can fail. */
export const cancelOrder = defineSaga('CancelOrder', { version: 1, home: 'store', input: CancelOrder })
  .pivot('closePayment', {
    at: 'payments',
    state: 'CLOSING_PAYMENT',
    done: message('PaymentClosed', nothing),
    failed: message('PaymentCloseRefused', Type.Literal('paid')),
  })
  .retriable('returnStock', { at: 'store', state: 'RETURNING_STOCK', done: message('StockReturned', nothing) })
  .retriable('markCancelled', { at: 'store', state: 'MARKING_CANCELLED', done: message('OrderMarkedCancelled', nothing) })
  .end('CANCELLED', message('CancellationCompleted', nothing))
