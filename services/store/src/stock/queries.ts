import type { Work } from '@comptoir/runtime'

interface Level {
  readonly product_id: number
  readonly quantity: number
}

/*
 * What the read model does not hold (yet) is answered from the write side, in one statement: with two, the read model
 * could get a version between them that is older than the one answered here, and show it afterwards.
 */

/** Stock levels by product. A product without a stock row is absent. */
export async function stockLevels(work: Work, ids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const levels = await work.query<Level>(selectLevels, [ids])
  return new Map(levels.map((level) => [level.product_id, level.quantity]))
}

const notShown = 'not exists (select from store_view.stock as v where v.product_id = s.product_id)'
const selectLevels = `
  select product_id, quantity from store_view.stock where product_id = any($1::int[])
  union all
  select product_id, quantity from store.stocks as s where product_id = any($1::int[]) and ${notShown}`

/** One line of the overview. */
export interface StockOverviewLine {
  readonly name: string
  readonly sku: string
  /** Minor units (cents). */
  readonly price: number
  readonly quantity: number
}

/** Every product with a stock level, by id. */
export async function stockOverview(work: Work): Promise<StockOverviewLine[]> {
  return work.query<StockOverviewLine>(selectOverview)
}

const selectOverview = `
  select product_id, product_name as name, product_sku as sku, product_unit_price as price, quantity from store_view.stock
  union all
  select s.product_id, p.name, p.sku, p.price, s.quantity
  from store.stocks as s join store.products as p on p.id = s.product_id where ${notShown}
  order by product_id`
