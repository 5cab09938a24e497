import type { Work } from '@comptoir/runtime'

interface Level {
  readonly product_id: number
  readonly quantity: number
}

/**
 * Stock levels by product, from the read model; those it does not hold (yet) from the write side. A product without a
 * stock row is absent.
 */
export async function stockLevels(work: Work, ids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const levels = new Map<number, number>()
  const add = (rows: readonly Level[]): void => {
    for (const row of rows) levels.set(row.product_id, row.quantity)
  }
  add(await work.query<Level>(selectShown, [ids]))
  const missing = ids.filter((id) => !levels.has(id))
  if (missing.length > 0) add(await work.query<Level>(selectWritten, [missing]))
  return levels
}

const selectShown = 'select product_id, quantity from store_view.stock where product_id = any($1::int[])'
const selectWritten = 'select product_id, quantity from store.stocks where product_id = any($1::int[])'

/** One line of the overview. */
export interface StockOverviewLine {
  readonly name: string
  readonly sku: string
  /** Minor units (cents). */
  readonly price: number
  readonly quantity: number
}

/** Every product with a stock level, by id, from the read model. */
export async function stockOverview(work: Work): Promise<StockOverviewLine[]> {
  return work.query<StockOverviewLine>(selectOverview)
}

const selectOverview = `
  select product_name as name, product_sku as sku, product_unit_price as price, quantity
  from store_view.stock
  order by product_id`
