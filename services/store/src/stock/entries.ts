import { toDecimal } from '@comptoir/http'
import type { ReadEntry } from '@comptoir/runtime'

/** A stock level as the read model shows it. */
export interface ShownStock {
  readonly product_id: number
  readonly quantity: number
  readonly name: string
  readonly sku: string
  /** Minor units (cents). */
  readonly price: number
  readonly version: number
}

/** A stock level as an entry of the read store. */
export const entryOfStock = ({ product_id, quantity, name, sku, price, version }: ShownStock): ReadEntry => ({
  id: product_id,
  version,
  fields: {
    quantity: String(quantity),
    product_name: name,
    product_sku: sku,
    product_unit_price: String(toDecimal(price)),
  },
})

/** How much there is of a product, and at which version that is. */
export interface Level {
  readonly quantity: number
  readonly version: number
}

/** The level that an entry shows; undefined when it is none that this store wrote. */
export function levelOfEntry({ version, fields: { quantity = '' } }: ReadEntry): Level | undefined {
  return /^\d{1,16}$/.test(quantity) ? { quantity: Number(quantity), version } : undefined
}
