/** Something that runs order sagas: one load drives Comptoir and the hand-written loop alike. */
export interface SagaSystem {
  /**
   * Places an order of two lines. The end of its saga is told to the listener that the system was opened with.
   *
   * @param accepted called with the saga's id when the order is committed
   */
  place(accepted?: (saga: string) => void): void
  stop(): Promise<void>
}

export interface SagaListener {
  /** So many sagas have ended well: their last transaction is committed. */
  ended(count: number): void
  /** A saga did not end well, which no load here may cause. */
  failed(error: unknown): void
  /** Something that the system needs is away, and it waits for it; absent: no load here may cause that, and it has failed. */
  waiting?(reason: string): void
}

/** Users and products of the load: ids from 1000, so that they collide with no demo data. */
export const population = { first: 1_000, users: 1_000, products: 1_000, stock: 100_000_000 } as const

/** An order as both systems get it. */
export interface LoadOrder {
  readonly user_id: number
  readonly items: { readonly product_id: number; readonly quantity: number }[]
}

/** An order of two lines, one of each half of the products. */
export function randomOrder(): LoadOrder {
  const { first, users, products } = population
  const half = products / 2
  const below = (bound: number) => Math.floor(Math.random() * bound)
  return {
    user_id: first + below(users),
    items: [
      { product_id: first + below(half), quantity: 1 },
      { product_id: first + half + below(half), quantity: 2 },
    ],
  }
}
