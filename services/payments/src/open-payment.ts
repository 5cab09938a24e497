import type { Unit } from '@comptoir/runtime'
import { openPayments, paymentsOfOrders } from './payments.ts'
import { type Refusal, refusalsOf } from './refusal.ts'

/** An order to be paid: the amount in minor units. */
export interface OrderToPay {
  readonly order: number
  readonly user: number
  readonly total: number
}

export type Opening =
  /** `known`: the order had this payment already. */
  | { readonly kind: 'opened' | 'known'; readonly payment: number }
  | { readonly kind: 'refused'; readonly reason: Refusal }
  /** The order's payment is of another user or amount. */
  | { readonly kind: 'differs' }
  /** The order was cancelled or has expired. */
  | { readonly kind: 'closed' }

/** Opens the payment of one order. What is already there decides first: ceiling and hold are for new payments only. */
export async function openPayment(unit: Unit, wish: OrderToPay, ceiling: number): Promise<Opening> {
  const { order, user, total } = wish
  const key = unit.newId()
  const [reason] = await refusalsOf(unit, [wish], ceiling)
  if (reason === undefined) await openPayments(unit, [{ ...wish, key }])
  const payment = (await paymentsOfOrders(unit, [order])).get(order)
  if (payment?.key === key) return { kind: 'opened', payment: payment.id }
  if (payment?.status === 'CLOSED') return { kind: 'closed' }
  if (payment?.user_id === user && payment.total === total) return { kind: 'known', payment: payment.id }
  return payment === undefined && reason !== undefined ? { kind: 'refused', reason } : { kind: 'differs' }
}
