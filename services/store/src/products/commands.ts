import type { Unit, Work } from '@comptoir/runtime'

export interface NewProduct {
  readonly name: string
  readonly sku: string
  /** Minor units (cents). */
  readonly price: number
}

export type ProductCreation = { readonly kind: 'created'; readonly id: number } | { readonly kind: 'sku_taken' }
export type ProductDeletion = 'deleted' | 'unknown' | 'ordered' | 'in_stock'

/** Adds a product, unless another one has its sku. It has no stock level until one is set. */
export async function createProduct(work: Work, { name, sku, price }: NewProduct): Promise<ProductCreation> {
  const [product] = await work.transaction((unit) => unit.query<{ id: number }>(insertProduct, [name, sku, price]))
  return product === undefined ? { kind: 'sku_taken' } : { kind: 'created', id: product.id }
}

const insertProduct = `
  insert into store.products (name, sku, price) values ($1, $2, $3)
  on conflict on constraint products_sku_key do nothing
  returning id`

/**
 * Removes a product that was never ordered and of which nothing is left, together with its stock level of 0. The entries
 * of its stock ledger stay.
 */
export async function deleteProduct(work: Work, id: number): Promise<ProductDeletion> {
  return work.transaction(async (unit) => {
    // Locks product before stock, as every writer of stock does.
    const [product] = await unit.query<{ ordered: boolean }>('select ordered from store.products where id = $1 for update', [id])
    if (product === undefined) return 'unknown'
    if (product.ordered) return 'ordered'
    return (await deleteWithoutStock(unit, id)) ? 'deleted' : 'in_stock'
  })
}

async function deleteWithoutStock(unit: Unit, id: number): Promise<boolean> {
  const levels = await unit.query('delete from store.stocks where product_id = $1 and quantity = 0 returning product_id', [id])
  if (levels.length > 0) unit.changed('product', [id])
  const products = await unit.query(deleteUnstocked, [id])
  return products.length > 0
}

const deleteUnstocked = `
  delete from store.products p
  where id = $1 and not exists (select from store.stocks s where s.product_id = p.id)
  returning id`
