import { Type } from 'typebox'

/** Payments to the store: the payment of an order was paid, by card or by other means. */
export const PaymentProcessed = {
  type: 'PaymentProcessed',
  from: 'payments',
  to: 'store',
  data: Type.Object({ order_id: Type.Integer(), payment_id: Type.Integer() }),
} as const

/** The store to payments: the order's payment was taken by other means. The payment row decides whether it still can be. */
export const PaymentTaken = {
  type: 'PaymentTaken',
  from: 'store',
  to: 'payments',
  data: Type.Object({ order_id: Type.Integer() }),
} as const

/** The store to the orchestrator: the order whose saga it drives is not wanted any more. The key is the saga. */
export const OrderUnwanted = {
  type: 'OrderUnwanted',
  from: 'store',
  to: 'orchestrator',
  data: Type.Object({ order_id: Type.Integer() }),
} as const

/** The store to payments: the order has ended unpaid; no payment may be made for it any more. */
export const OrderClosed = {
  type: 'OrderClosed',
  from: 'store',
  to: 'payments',
  data: Type.Object({ order_id: Type.Integer() }),
} as const
