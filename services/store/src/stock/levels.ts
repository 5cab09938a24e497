import type { Expected } from '@comptoir/http'
import type { Unit } from '@comptoir/runtime'
import type { WrittenVersion } from '../read-your-writes.ts'

/*
 * The statements that people's changes of stock are made of. Every writer locks in one order: products by id, then stock
 * rows by product id.
 */

/** Highest level that people may set: what an `int` holds. Reservations that come back may go beyond it. */
export const HIGHEST_LEVEL = 2_147_483_647

/** By how much the level of a product moves. */
export interface Movement {
  readonly product_id: number
  readonly delta: number
}

/** Keeps products from being deleted until the transaction ends; returns those that exist among `ids`. */
export async function lockProducts(unit: Unit, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await unit.query<{ id: number }>(selectProducts, [ids])
  return new Set(rows.map((row) => row.id))
}

const selectProducts = 'select id from store.products where id = any($1::int[]) order by id for key share'

/** Gives products without a stock row one of 0; returns the ids of those. */
export async function openLevels(unit: Unit, ids: readonly number[]): Promise<readonly number[]> {
  const rows = await unit.query<{ product_id: number }>(insertLevels, [ids])
  return rows.map((row) => row.product_id)
}

const insertLevels = `
  insert into store.stocks (product_id, quantity)
  select id, 0 from unnest($1::int[]) as id order by id
  on conflict (product_id) do nothing
  returning product_id`

/**
 * Locks the stock rows of products; returns the level of each that has one.
 *
 * @param expected only of rows that are at one of these versions when they are locked
 */
export async function lockLevels(
  unit: Unit,
  ids: readonly number[],
  expected: Expected = 'any',
): Promise<ReadonlyMap<number, number>> {
  const versions = expected === 'any' ? null : expected
  const rows = await unit.query<{ product_id: number; quantity: number }>(selectLevels, [ids, versions])
  return new Map(rows.map((row) => [row.product_id, row.quantity]))
}

const selectLevels = `
  select product_id, quantity from store.stocks
  where product_id = any($1::int[]) and ($2::int[] is null or version = any($2))
  order by product_id for update`

/** Moves levels that are locked, writes the movements into the ledger, and tells the projections. */
export async function moveLevels(
  unit: Unit,
  kind: 'set' | 'adjusted',
  movements: readonly Movement[],
): Promise<readonly WrittenVersion[]> {
  const ids = movements.map((movement) => movement.product_id)
  const deltas = movements.map((movement) => movement.delta)
  unit.changed('stock', ids)
  return unit.query<{ id: number; version: number }>(updateLevels, [kind, ids, deltas])
}

const updateLevels = `
  with moved as (
    update store.stocks s set quantity = s.quantity + m.delta, version = s.version + 1
    from unnest($2::int[], $3::bigint[]) as m(product_id, delta)
    where s.product_id = m.product_id
    returning s.product_id as id, s.version, m.delta
  ), entered as (
    insert into store.stock_ledger (product_id, kind, delta) select id, $1, delta from moved
  )
  select id, version from moved`
