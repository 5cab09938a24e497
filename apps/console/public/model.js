// @ts-check
/** What the services answer, and what the page concludes from it. Pure. */

/**
 * @typedef {{ step: string, service: string, kind: string, status: string, reason: string | null,
 *   at: string | null, undone_at: string | null, attempts: number, error: string | null }} Step
 * @typedef {{ at: string, service: string, step: string, phase: string, outcome: string, message: string,
 *   reason: string | null }} Entry
 * @typedef {{ saga_id: string, saga: string, version: number, style: string, status: string, state: string,
 *   reason: string | null, attention: string | null, order_id: number | null, started_at: string, ended_at: string | null, steps: Step[],
 *   paused: { since: string, by: string, reason: string | null } | null, stuck?: { detail: string, cure: string } | null,
 *   journal?: Entry[], acts?: { at: string, act: string, by: string, reason: string | null }[] }} Saga
 * @typedef {'pause' | 'resume' | 'retry' | 'cancel'} SagaAct
 * @typedef {{ order_id: number, user_id: number, total_amount: number,
 *   items: { product_id: number, quantity: number, unit_price: number }[], payment_link: string, is_paid: boolean,
 *   status: string, reason: string | null, saga_id: string, created_at: string }} Order
 */

/** Whether a saga may still change the order without anybody acting. @param {Order} order */
export const isMoving = (order) => order.status === 'PENDING' || order.status === 'CANCELLING'

/** @param {Order} order */
export const canPay = (order) => order.status === 'PLACED' && order.payment_link !== ''

/** @param {Order} order */
export const canCancel = (order) => order.status === 'PENDING' || order.status === 'PLACED'

/** What can be done to a saga just now. @param {Saga} saga @returns {SagaAct[]} */
export function sagaActs(saga) {
  if (saga.ended_at !== null) return []
  const pivot = saga.steps.find((step) => step.kind !== 'compensatable')
  /** @type {SagaAct[]} */
  const acts = saga.paused ? ['resume'] : saga.status === 'needs_attention' ? ['retry', 'pause'] : ['pause']
  return pivot && pivot.status === 'done' ? acts : [...acts, 'cancel']
}

/** The sagas of one order, in the order in which they began. @param {Iterable<Saga>} sagas @param {Order} order */
export const sagasOf = (sagas, order) =>
  [...sagas]
    .filter((saga) => saga.order_id === order.order_id || saga.saga_id === order.saga_id)
    .sort((a, b) => a.started_at.localeCompare(b.started_at))

/** How many orders have each status, in order of appearance. @param {Order[]} orders @returns {Map<string, number>} */
export function countByStatus(orders) {
  const counts = new Map()
  for (const { status } of orders) counts.set(status, (counts.get(status) ?? 0) + 1)
  return counts
}

/**
 * Which orders to show, newest first. While `held`, those on the page stay and new ones are only counted, so that nothing
 * moves under the reader's eyes.
 * @param {number[]} shown ids on the page
 * @param {number[]} latest ids of the newest orders
 * @param {boolean} held
 */
export function nextShown(shown, latest, held) {
  if (!held || shown.length === 0) return { ids: latest, waiting: 0 }
  const newest = Math.max(...shown)
  return { ids: shown, waiting: latest.filter((id) => id > newest).length }
}

/**
 * Where each journal entry lies between the saga's start and its last entry: `after` in ms since the start; `from` and
 * `to` as shares of the whole (0 to 1), from the previous entry to this one.
 * @param {Saga} saga
 */
export function timeline(saga) {
  const start = Date.parse(saga.started_at)
  const entries = [...(saga.journal ?? [])].sort((a, b) => a.at.localeCompare(b.at))
  const offsets = entries.map((entry) => Math.max(0, Date.parse(entry.at) - start))
  const whole = offsets.at(-1) || 1
  return entries.map((entry, index) => {
    const after = offsets[index] ?? 0
    return { entry, after, from: (offsets[index - 1] ?? 0) / whole, to: after / whole }
  })
}

/** The command that does the same as a button. @param {string} origin @param {object} order body of POST /orders */
export const curl = (origin, order) =>
  `curl -X POST ${origin}/store-api/orders -H 'content-type: application/json' -d '${JSON.stringify(order)}'`
