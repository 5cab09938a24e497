import { BodyId, fieldProblem, type Problem, Quantity } from '@comptoir/http'
import { type Static, Type } from 'typebox'

/** What a request places: by POST /orders and by POST /saga/order alike. */
export const NewOrder = Type.Object(
  {
    user_id: BodyId,
    items: Type.Array(Type.Object({ product_id: BodyId, quantity: Quantity }, { additionalProperties: false }), {
      minItems: 1,
      maxItems: 1_000,
    }),
  },
  { additionalProperties: false },
)
export type NewOrder = Static<typeof NewOrder>

/** Lines of one product are merged, so that an order takes each product's stock once. */
export function mergeLines(items: NewOrder['items']): NewOrder['items'] {
  const merged = new Map<number, number>()
  for (const { product_id, quantity } of items) merged.set(product_id, (merged.get(product_id) ?? 0) + quantity)
  return merged.size === items.length ? items : [...merged].map(([product_id, quantity]) => ({ product_id, quantity }))
}

/**
 * Why createOrder refused what a request asked for, at the place in the body that was sent.
 *
 * @param pointer the place in the order as it was begun: its lines may have been merged since they were sent
 */
export function orderRefusal(reason: string, pointer: string, { user_id, items }: NewOrder): Problem {
  const line = /^\/items\/(\d+)/.exec(pointer)?.[1]
  const product = line === undefined ? undefined : mergeLines(items)[Number(line)]?.product_id
  const sent =
    line === undefined ? pointer : pointer.replace(line, String(items.findIndex((item) => item.product_id === product)))
  switch (reason) {
    case 'unknown_user':
      return fieldProblem(422, sent, reason, `There is no user ${user_id}: create the user with POST /users, or use another id.`)
    case 'unknown_product':
      return fieldProblem(
        422,
        sent,
        reason,
        `There is no product ${product}: nothing was ordered; use ids that GET /stocks/reports/overview-stocks lists.`,
      )
    default:
      return fieldProblem(422, sent, reason, 'The total of the order is above 90,071,992,547,409.91: order less, or split it.')
  }
}

/** Why an order is cancelled, as the contract names it, from the reason for which its saga turned back. */
export function cancelReason(reason: string): string {
  return ['out_of_stock', 'over_ceiling', 'on_hold', 'expired', 'cancelled'].includes(reason)
    ? reason
    : reason === 'closed'
      ? 'cancelled'
      : 'error'
}
