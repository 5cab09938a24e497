import type { ReadStoreSource } from '@comptoir/runtime'
import { entryOfOrder } from './orders/entries.ts'
import { listOrders, ordersShown } from './orders/queries.ts'
import { shownSchema } from './rebuild.ts'
import { entryOfStock } from './stock/entries.ts'
import { stockBelow, stockShown, withoutStock } from './stock/queries.ts'

/**
 * The store's entries in a read store: its orders and its stock, as the tables of the read model show them.
 *
 * @param linkTo the absolute URL to pay a payment at; it ends in the payment's id
 */
export function storeEntries(linkTo: (payment: number) => string): ReadStoreSource {
  return {
    async origin(db) {
      // A rebuild leaves its mark on the schema it has made.
      const [row] = await db.query<{ mark: string | null }>(
        `select obj_description(to_regnamespace('${shownSchema}'), 'pg_namespace') as mark`,
      )
      return row?.mark ?? 'first'
    },
    async changed(db, changes) {
      const ids = (...kinds: string[]) => kinds.flatMap((kind) => changes.get(kind) ?? []).map(Number)
      const [orders, stock, gone] = await Promise.all([
        ordersShown(db, ids('new order', 'order')),
        stockShown(db, ids('stock')),
        withoutStock(db, ids('product')),
      ])
      return [
        { kind: 'order', entries: [...orders.values()].map((order) => entryOfOrder(order, linkTo)), gone: [] },
        // Ids of products are used once.
        { kind: 'stock', entries: stock.map(entryOfStock), gone: gone.map((id) => ({ id, version: Number.MAX_SAFE_INTEGER })) },
      ]
    },
    pages: {
      stock: async (db, below, limit) => (await stockBelow(db, below, limit)).map(entryOfStock),
      order: async (db, below, limit) => (await listOrders(db, limit, below)).map((order) => entryOfOrder(order, linkTo)),
    },
  }
}
