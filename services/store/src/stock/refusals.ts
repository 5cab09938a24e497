import { Problem, pointerOf, staleProblem } from '@comptoir/http'
import type { AdjustmentRefusal, StockLine } from './commands.ts'

/** The answer to a stock adjustment that was refused: which products are to blame, and where they stand in the body. */
export function refusalProblem(refusal: AdjustmentRefusal, lines: readonly StockLine[]): Problem {
  const { status, member, advice } = REFUSALS[refusal.kind]
  const errors = refusal.products.slice(0, MOST_NAMED).map((product) => ({
    pointer: pointerOf(['items', lines.findIndex((line) => line.product_id === product), member]),
    code: refusal.kind,
    detail: advice([product]),
  }))
  return new Problem(status, refusal.kind, `${advice(refusal.products)} Nothing was changed.`, { errors })
}

/** The answer to a change of a level that was not as it was expected to be. */
export const staleLevel = (product: number): Problem =>
  staleProblem(
    `The level of product ${product} is not what your If-Match says, and nothing was changed. Read GET /stocks/${product} again, decide anew, and send its ETag.`,
  )

const REFUSALS = {
  unknown_product: {
    status: 422,
    member: 'product_id',
    advice: (products: readonly number[]) => `There is no ${naming(products)}. Use ids that POST /products gave.`,
  },
  not_enough_stock: {
    status: 409,
    member: 'quantity',
    advice: (products: readonly number[]) => `There is not enough stock of ${naming(products)}. Take less, or add stock first.`,
  },
  level_too_high: {
    status: 422,
    member: 'quantity',
    advice: (products: readonly number[]) => `The level of ${naming(products)} would be above 2147483647. Add less.`,
  },
} as const satisfies Record<AdjustmentRefusal['kind'], unknown>

/** Most products named in one answer: an adjustment may have 1,000. */
const MOST_NAMED = 20

function naming(products: readonly number[]): string {
  const named = products.slice(0, MOST_NAMED).join(', ')
  const more = products.length - MOST_NAMED
  return `${products.length === 1 ? 'product' : 'products'} ${named}${more > 0 ? ` and ${more} more` : ''}`
}
