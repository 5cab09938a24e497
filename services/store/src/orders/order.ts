/** The states of an order. PENDING: its saga runs. PLACED: its payment link is there. */
export type OrderStatus = 'PENDING' | 'PLACED' | 'PAID' | 'CANCELLING' | 'CANCELLED' | 'EXPIRED' | 'NEEDS_ATTENTION'

export interface OrderLine {
  readonly product_id: number
  readonly quantity: number
}

/** An order as it is read: money in minor units. */
export interface Order {
  readonly order_id: number
  readonly saga_id: string
  readonly user_id: number
  readonly total: number
  readonly items: readonly (OrderLine & { readonly unit_price: number })[]
  readonly payment_id: number | null
  readonly status: OrderStatus
  readonly reason: string | null
  /** Milliseconds since 1970. */
  readonly created_at: number
  readonly version: number
}
