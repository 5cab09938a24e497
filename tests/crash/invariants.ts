import type { Queryable } from '@comptoir/runtime'
import { Acknowledged } from './acknowledged.ts'
import { brokenPromises } from './invariants/acknowledged.ts'
import { brokenRules, type Check, type Statement } from './invariants/check.ts'
import { keysAlways } from './invariants/keys.ts'
import { messagesAlways, messagesAtRest } from './invariants/messages.ts'
import { ordersAlways, ordersAtRest } from './invariants/orders.ts'
import { paymentsAlways, paymentsAtRest } from './invariants/payments.ts'
import { readModelAtRest } from './invariants/read-model.ts'
import { restState } from './invariants/rest.ts'
import { sagasAlways, sagasAtRest } from './invariants/sagas.ts'
import { stockAlways, stockAtRest } from './invariants/stock.ts'

const always: readonly Check[] = [
  ...stockAlways,
  ...ordersAlways,
  ...paymentsAlways,
  ...sagasAlways,
  ...messagesAlways,
  ...keysAlways,
]
const atRest: readonly Check[] = [
  ...ordersAtRest,
  ...paymentsAtRest,
  ...stockAtRest,
  ...sagasAtRest,
  ...messagesAtRest,
  ...readModelAtRest,
  ...restState,
]

/** Every rule that is checked in SQL. */
export const rules: readonly Statement[] = [...always, ...atRest]

/** What must be so in every committed state, also while sagas run: violations in words. */
export const checkAlways = (db: Queryable): Promise<string[]> => brokenRules(db, always)

/**
 * All invariants over a store in which everything has come to rest: violations in words, each with the invariant's number.
 *
 * @param acknowledged what clients were told
 */
export async function checkInvariants(db: Queryable, acknowledged = new Acknowledged()): Promise<string[]> {
  return [...(await checkAlways(db)), ...(await brokenRules(db, atRest)), ...(await brokenPromises(db, acknowledged))]
}
