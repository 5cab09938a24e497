import type { PlaceOrder } from '@comptoir/contracts'
import type { Static } from 'typebox'

export type OrderInput = Static<typeof PlaceOrder>

/** What an order is priced by. */
export interface PriceList {
  /** The users who may order. */
  readonly users: ReadonlySet<number>
  /** Prices in minor units by product. */
  readonly prices: ReadonlyMap<number, number>
}

/** A priced order in minor units: its total and the unit price of each line. */
export interface Priced {
  readonly total: number
  readonly prices: readonly number[]
}

/** Why an order is refused, and where in it the reason stands (JSON pointer). */
export interface Refused {
  readonly reason: 'unknown_user' | 'unknown_product' | 'total_too_large'
  readonly pointer: string
}

/** Prices an order, or refuses it at the first thing that is wrong. */
export function price(input: OrderInput, { users, prices }: PriceList): Priced | Refused {
  if (!users.has(input.user_id)) return { reason: 'unknown_user', pointer: '/user_id' }
  let total = 0
  const units: number[] = []
  for (const [line, item] of input.items.entries()) {
    const unitPrice = prices.get(item.product_id)
    if (unitPrice === undefined) return { reason: 'unknown_product', pointer: `/items/${line}/product_id` }
    units.push(unitPrice)
    // Both factors are far below 2^53, and a product or sum above it is seen as such though it is not exact.
    total += unitPrice * item.quantity
    if (total > Number.MAX_SAFE_INTEGER) return { reason: 'total_too_large', pointer: `/items/${line}/quantity` }
  }
  return { total, prices: units }
}
