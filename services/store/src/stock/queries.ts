import type { Queryable, Work } from '@comptoir/runtime'
import type { EntryReads, Found } from '../entry-reads.ts'
import { hasChanged, type ReadYourWrites } from '../read-your-writes.ts'
import { entryOfStock, type Level, levelOfEntry, type ShownStock } from './entries.ts'

/*
 * What the read model does not hold (yet) is answered from the write side, in one statement: with two, the read model
 * could get a version between them that is older than the one answered here, and show it afterwards.
 */

/**
 * Stock levels by product. A product without a stock row is absent.
 *
 * @param entries the read store, where there is one
 */
export async function stockLevels(
  work: Work,
  ids: readonly number[],
  reads: ReadYourWrites,
  entries: EntryReads | undefined,
): Promise<ReadonlyMap<number, Level>> {
  if (entries) return entries.read('stock', ids, levelOfEntry, (missing) => findStock(work, missing, reads))
  const levels = await work.query<Level & Read>(selectLevels, [ids])
  await caughtUp(levels, reads)
  return new Map(levels.map((level) => [level.product_id, level]))
}

/** Of a row that was read: whether the read model holds it. */
interface Read {
  readonly product_id: number
  readonly version: number
  readonly projected: boolean
}

async function caughtUp(rows: readonly Read[], reads: ReadYourWrites): Promise<void> {
  const ahead = rows.filter((row) => !row.projected && hasChanged(row))
  if (ahead.length > 0)
    await reads.caughtUp(
      'stock',
      ahead.map(({ product_id, version }) => ({ id: product_id, version })),
    )
}

const notShown = 'not exists (select from store_view.stock as v where v.product_id = s.product_id)'
const selectLevels = `
  select product_id, quantity, version, true as projected from store_view.stock where product_id = any($1::int[])
  union all
  select product_id, quantity, version, false as projected from store.stocks as s where product_id = any($1::int[]) and ${notShown}`

const selectShown =
  'select product_id, quantity, product_name as name, product_sku as sku, product_unit_price as price, version from store_view.stock'
const joined = 'store.stocks as s join store.products as p on p.id = s.product_id'

async function findStock(work: Work, ids: readonly number[], reads: ReadYourWrites): Promise<Found<Level>[]> {
  const rows = await work.query<ShownStock & Read>(selectStock, [ids])
  await caughtUp(rows, reads)
  return rows.map(({ projected, ...row }) => ({
    id: row.product_id,
    value: row,
    version: row.version,
    entry: projected ? entryOfStock(row) : undefined,
  }))
}

const selectStock = `
  select *, true as projected from (${selectShown}) as v where product_id = any($1::int[])
  union all
  select s.product_id, s.quantity, p.name, p.sku, p.price, s.version, false as projected
  from ${joined} where s.product_id = any($1::int[]) and ${notShown}`

/** Stock of the read model, by product. */
export const stockShown = (db: Queryable, ids: readonly number[]): Promise<ShownStock[]> =>
  db.query<ShownStock>(`${selectShown} where product_id = any($1::int[])`, [ids])

/** Stock of the read model of the highest products below one. */
export const stockBelow = (db: Queryable, below: number, limit: number): Promise<ShownStock[]> =>
  db.query<ShownStock>(`${selectShown} where product_id < $1::bigint order by product_id desc limit $2`, [below, limit])

/** Which of these products have no stock row. */
export async function withoutStock(db: Queryable, ids: readonly number[]): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    'select id from unnest($1::int[]) as id where not exists (select from store.stocks as s where s.product_id = id)',
    [ids],
  )
  return rows.map((row) => row.id)
}

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
  from ${joined} where ${notShown}
  order by product_id`
