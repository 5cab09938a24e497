import type { Expected } from '@comptoir/http'
import type { Unit, Work } from '@comptoir/runtime'
import type { WrittenVersion } from '../read-your-writes.ts'
import { HIGHEST_LEVEL, lockLevels, lockProducts, type Movement, moveLevels, openLevels } from './levels.ts'

export interface StockLine {
  readonly product_id: number
  readonly quantity: number
}

/** A level is not at a version that was expected: nothing is changed. */
type Stale = { readonly kind: 'stale' }

export type StockSetting =
  | { readonly kind: 'added' | 'updated'; readonly versions: readonly WrittenVersion[] }
  | { readonly kind: 'unknown_product' }
  | Stale

/**
 * Sets the absolute level of a product.
 *
 * @param expected the versions of which the level must have one; absent: whatever it was, also none
 */
export async function setStock(work: Work, { product_id, quantity }: StockLine, expected?: Expected): Promise<StockSetting> {
  return work.transaction(async (unit) => {
    const known = await lockProducts(unit, [product_id])
    if (!known.has(product_id)) return { kind: 'unknown_product' }
    const opened = expected === undefined ? await openLevels(unit, [product_id]) : []
    const before = await lockLevels(unit, [product_id], expected)
    if (!before.has(product_id)) return { kind: 'stale' }
    const delta = quantity - (before.get(product_id) ?? 0)
    const versions = await moveLevels(unit, 'set', [{ product_id, delta }])
    return { kind: opened.length > 0 ? 'added' : 'updated', versions }
  })
}

export type StockOperation = '+' | '-'

/** Why an adjustment was refused as a whole; `products` are those to blame. */
export interface AdjustmentRefusal {
  readonly kind: 'unknown_product' | 'not_enough_stock' | 'level_too_high'
  readonly products: readonly number[]
}
export type StockAdjustment =
  | { readonly kind: 'adjusted'; readonly versions: readonly WrittenVersion[] }
  | AdjustmentRefusal
  | Stale

/**
 * Adds to, or takes from, the levels of products: all lines or none. A product without a stock row counts as 0.
 *
 * @param expected the versions of which the level must have one, where the lines are of one product; absent: whatever it was
 */
export async function adjustStock(
  work: Work,
  lines: readonly StockLine[],
  operation: StockOperation,
  expected?: Expected,
): Promise<StockAdjustment> {
  try {
    const versions = await work.transaction((unit) => adjust(unit, movementsOf(lines, operation), expected))
    return { kind: 'adjusted', versions }
  } catch (error) {
    if (error instanceof Refused) return error.refusal
    throw error
  }
}

async function adjust(
  unit: Unit,
  movements: readonly Movement[],
  expected: Expected | undefined,
): Promise<readonly WrittenVersion[]> {
  const ids = movements.map((movement) => movement.product_id)
  const known = await lockProducts(unit, ids)
  refuseIf('unknown_product', movements, ({ product_id }) => !known.has(product_id))
  if (expected === undefined) await openLevels(unit, ids)
  const before = await lockLevels(unit, ids, expected)
  if (before.size < ids.length) throw new Refused({ kind: 'stale' })
  const after = ({ product_id, delta }: Movement): number => (before.get(product_id) ?? 0) + delta
  refuseIf('not_enough_stock', movements, (movement) => after(movement) < 0)
  // Taking from a level that returned reservations have made too high brings it down.
  refuseIf('level_too_high', movements, (movement) => movement.delta > 0 && after(movement) > HIGHEST_LEVEL)
  return moveLevels(unit, 'adjusted', movements)
}

/** One movement per product: several lines of one product are added up. */
function movementsOf(lines: readonly StockLine[], operation: StockOperation): Movement[] {
  const deltas = new Map<number, number>()
  const sign = operation === '+' ? 1 : -1
  for (const { product_id, quantity } of lines) deltas.set(product_id, (deltas.get(product_id) ?? 0) + sign * quantity)
  return Array.from(deltas, ([product_id, delta]) => ({ product_id, delta }))
}

/** Thrown, so that the rows opened on the way are rolled back: a refused adjustment changes nothing. */
class Refused extends Error {
  readonly refusal: AdjustmentRefusal | Stale
  constructor(refusal: AdjustmentRefusal | Stale) {
    super(refusal.kind)
    this.refusal = refusal
  }
}

function refuseIf(kind: AdjustmentRefusal['kind'], movements: readonly Movement[], wrong: (movement: Movement) => boolean): void {
  const products = movements.filter(wrong).map((movement) => movement.product_id)
  if (products.length > 0) throw new Refused({ kind, products })
}
