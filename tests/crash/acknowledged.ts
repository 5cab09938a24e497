/** A line of an order, as it was asked for. */
export interface Line {
  readonly product_id: number
  readonly quantity: number
}
export interface OrderRequest {
  readonly user_id: number
  readonly items: readonly Line[]
}

/** What clients were told, and therefore must find for ever after; and what they asked for without hearing of it. */
export class Acknowledged {
  /** Orders that were answered with 201, by their number. */
  readonly orders = new Map<number, OrderRequest & { readonly key: string | undefined }>()
  /** Orders whose payment was acknowledged. */
  readonly paid = new Set<number>()
  /** Orders whose cancellation was acknowledged. */
  readonly cancelled = new Set<number>()
  /** Stock adjustments by their delta, which is used once: the product. */
  readonly adjustments = new Map<number, number>()
  /** Orders without a key that were sent and never answered: each may be there once. */
  readonly unansweredOrders: OrderRequest[] = []
  /** Adjustments that were sent and never answered, by their delta: the product. Each may be there once. */
  readonly unansweredAdjustments = new Map<number, number>()

  /** Takes in what other clients were told. */
  add(others: Acknowledged): void {
    for (const [id, order] of others.orders) this.orders.set(id, order)
    for (const id of others.paid) this.paid.add(id)
    for (const id of others.cancelled) this.cancelled.add(id)
    for (const [delta, product] of others.adjustments) this.adjustments.set(delta, product)
    this.unansweredOrders.push(...others.unansweredOrders)
    for (const [delta, product] of others.unansweredAdjustments) this.unansweredAdjustments.set(delta, product)
  }

  /** How many answers they got. */
  get count(): number {
    return this.orders.size + this.paid.size + this.cancelled.size + this.adjustments.size
  }
}
