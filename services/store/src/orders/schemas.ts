import { BodyId, Id, toDecimal } from '@comptoir/http'
import { type Static, Type } from 'typebox'
import type { Order } from './order.ts'

export const OrderPath = Type.Object({ order_id: Id })

export const PaidOrder = Type.Object(
  { order_id: BodyId, is_paid: Type.Boolean(), payment_id: Type.Optional(BodyId) },
  { additionalProperties: false },
)

/** An order as the API shows it: money as decimals, the payment link absolute. */
export const OrderAnswer = Type.Object({
  order_id: Type.Integer(),
  user_id: Type.Integer(),
  total_amount: Type.Number(),
  items: Type.Array(Type.Object({ product_id: Type.Integer(), quantity: Type.Integer(), unit_price: Type.Number() })),
  payment_link: Type.String(),
  is_paid: Type.Boolean(),
  status: Type.String(),
  reason: Type.Union([Type.String(), Type.Null()]),
  saga_id: Type.String(),
  created_at: Type.String(),
})

/** @param linkTo the absolute URL to pay a payment at; it ends in the payment's id */
export function orderAnswer(order: Order, linkTo: (payment: number) => string): Static<typeof OrderAnswer> {
  return {
    order_id: order.order_id,
    user_id: order.user_id,
    total_amount: toDecimal(order.total),
    items: order.items.map((item) => ({ ...item, unit_price: toDecimal(item.unit_price) })),
    payment_link: order.payment_id === null ? '' : linkTo(order.payment_id),
    is_paid: order.status === 'PAID',
    status: order.status,
    reason: order.reason,
    saga_id: order.saga_id,
    created_at: new Date(order.created_at).toISOString(),
  }
}
