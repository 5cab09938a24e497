import { placeOrder } from '@comptoir/contracts'
import type { StepCall, Work } from '@comptoir/runtime'
import type { Answer } from '@comptoir/saga'
import type { ReadWaits } from '../read-waits.ts'

/** The read model is waited for so long; then its entries have been dropped. In milliseconds. */
const patienceMs = 500

/**
 * What the store adds to the answers of its steps when they are called: to a failure, where in the order its reason stands.
 * The answer that ends a saga comes when the order and its stock are read as the saga leaves them.
 */
export function completeAnswer(work: Work, waits: ReadWaits): (call: StepCall, answer: Answer) => Promise<object> {
  return async ({ saga, definition, command: { step, phase } }, answer) => {
    if (definition !== placeOrder.id) return {}
    if (answer.outcome === 'failed') return { detail: (await readStep(work, saga, step))?.detail ?? '' }
    const isLast = step === 'linkPayment' || (step === 'createOrder' && phase === 'undo')
    if (isLast && answer.outcome !== 'refused') await shown(work, waits, saga)
    return {}
  }
}

async function shown(work: Work, waits: ReadWaits, saga: string): Promise<void> {
  const created = await readStep(work, saga, 'createOrder')
  if (!created?.result) return
  const { order_id } = JSON.parse(created.result) as { order_id: number }
  const levels = await work.query<{ id: number; version: number }>(
    `select product_id as id, version from store.stocks
     where product_id in (select product_id from store.order_items where order_id = $1)`,
    [order_id],
  )
  await Promise.all([waits.order(order_id, patienceMs, ({ status }) => status !== 'PENDING'), waits.reached('stock', levels)])
}

async function readStep(work: Work, saga: string, step: string) {
  const [row] = await work.query<{ result: string | null; detail: string | null }>(
    `select result, detail from store.inbox where id = $1 and step = $2 and phase = 'do'`,
    [saga, step],
  )
  return row
}
