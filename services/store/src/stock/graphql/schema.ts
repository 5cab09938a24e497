import { MAX_ID, toDecimal } from '@comptoir/http'
import type { Work } from '@comptoir/runtime'
import DataLoader from 'dataloader'
import { buildSchema } from 'graphql'
import type { EntryReads } from '../../entry-reads.ts'
import { findProducts, type Product } from '../../products/queries.ts'
import type { ReadYourWrites } from '../../read-your-writes.ts'
import { HIGHEST_LEVEL } from '../levels.ts'
import { stockLevels } from '../queries.ts'

export const schema = buildSchema(`
  type Product { id: Int, name: String, sku: String, price: Float, quantity: Int }
  type Query { product(id: String!): Product, stockLevel(productId: String!): Int }
`)

/** What the fields of one request load through: each kind in one statement, however often it is asked for. */
export interface Loaders {
  readonly products: DataLoader<number, Product | undefined>
  /** Stock levels; 0 where there is none. GraphQL's Int ends where people's levels end: what is above shows as that. */
  readonly levels: DataLoader<number, number>
}

/** What a request reads: the database, and the read store where there is one. */
export interface Readable {
  readonly work: Work
  readonly reads: ReadYourWrites
  readonly entries: EntryReads | undefined
}

export function createLoaders({ work, reads, entries }: Readable): Loaders {
  return {
    products: new DataLoader(async (ids) => {
      const products = new Map((await findProducts(work, ids)).map((product) => [product.id, product]))
      return ids.map((id) => products.get(id))
    }),
    levels: new DataLoader(async (ids) => {
      const levels = await stockLevels(work, ids, reads, entries)
      return ids.map((id) => Math.min(levels.get(id)?.quantity ?? 0, HIGHEST_LEVEL))
    }),
  }
}

/** The fields of Query. An id that no product can have is an unknown one. */
export const root = {
  async product({ id }: { readonly id: string }, { products, levels }: Loaders) {
    const productId = parseId(id)
    const product = productId === undefined ? undefined : await products.load(productId)
    if (product === undefined) return null
    return { ...product, price: toDecimal(product.price), quantity: () => levels.load(product.id) }
  },
  async stockLevel({ productId }: { readonly productId: string }, { levels }: Loaders) {
    const id = parseId(productId)
    return id === undefined ? 0 : levels.load(id)
  },
}

function parseId(text: string): number | undefined {
  const id = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN
  return id <= MAX_ID ? id : undefined
}
