/** A line of an order, as it was asked for. */
export interface Line {
  readonly product_id: number
  readonly quantity: number
}
export interface OrderRequest {
  readonly user_id: number
  readonly items: readonly Line[]
}

/** What clients were told, and therefore must find for ever after. */
export class Acknowledged {
  /** Orders that were answered with 201, by their number. */
  readonly orders = new Map<number, OrderRequest & { readonly key: string | undefined }>()
  /** Orders whose payment was acknowledged. */
  readonly paid = new Set<number>()
  /** Orders whose cancellation was acknowledged. */
  readonly cancelled = new Set<number>()
  /** Stock adjustments by their delta, which is used once: the product. */
  readonly adjustments = new Map<number, number>()

  /** Takes in what other clients were told. */
  add(others: Acknowledged): void {
    for (const [id, order] of others.orders) this.orders.set(id, order)
    for (const id of others.paid) this.paid.add(id)
    for (const id of others.cancelled) this.cancelled.add(id)
    for (const [delta, product] of others.adjustments) this.adjustments.set(delta, product)
  }

  /** How many answers that is. */
  get count(): number {
    return this.orders.size + this.paid.size + this.cancelled.size + this.adjustments.size
  }
}
