import type { Work } from '@comptoir/runtime'

export interface Product {
  readonly id: number
  readonly name: string
  readonly sku: string
  /** Minor units (cents). */
  readonly price: number
}

/** The products that exist among `ids`, in no particular order. */
export async function findProducts(work: Work, ids: readonly number[]): Promise<Product[]> {
  return work.query<Product>('select id, name, sku, price from store.products where id = any($1::int[])', [ids])
}
