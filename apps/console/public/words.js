// @ts-check
/** What each state is called, which icon and tone it has, and what it means to a person. */

/** @typedef {{ icon: string, tone: string, words: string }} Look */

/** @type {Record<string, Look>} */
const orderLooks = {
  PENDING: { icon: 'running', tone: 'info', words: 'Pending' },
  PLACED: { icon: 'done', tone: 'ok', words: 'Placed' },
  PAID: { icon: 'paid', tone: 'solid', words: 'Paid' },
  CANCELLING: { icon: 'undone', tone: 'warn', words: 'Cancelling' },
  CANCELLED: { icon: 'failed', tone: 'bad', words: 'Cancelled' },
  EXPIRED: { icon: 'expired', tone: 'mute', words: 'Expired' },
  NEEDS_ATTENTION: { icon: 'alert', tone: 'alarm', words: 'Needs attention' },
}

/** @type {Record<string, Look>} */
const sagaLooks = {
  running: { icon: 'running', tone: 'info', words: 'running' },
  paused: { icon: 'paused', tone: 'warn', words: 'paused' },
  completed: { icon: 'done', tone: 'ok', words: 'completed' },
  cancelled: { icon: 'undone', tone: 'warn', words: 'cancelled, all undone' },
  needs_attention: { icon: 'alert', tone: 'alarm', words: 'needs attention' },
}

/** @type {Record<string, Look>} */
export const stepLooks = {
  waiting: { icon: 'waiting', tone: 'mute', words: 'waiting' },
  running: { icon: 'running', tone: 'info', words: 'running' },
  done: { icon: 'done', tone: 'ok', words: 'done' },
  failed: { icon: 'failed', tone: 'bad', words: 'failed' },
  paused: { icon: 'paused', tone: 'warn', words: 'paused' },
  retrying: { icon: 'running', tone: 'warn', words: 'failing, tried again' },
  dead: { icon: 'alert', tone: 'alarm', words: 'failed for good' },
  overdue: { icon: 'expired', tone: 'bad', words: 'overdue' },
  undoing: { icon: 'running', tone: 'warn', words: 'undoing' },
  undone: { icon: 'undone', tone: 'warn', words: 'undone' },
}

/** @type {Record<string, string>} */
const reasons = {
  out_of_stock: 'not enough stock',
  over_ceiling: 'amount above the payment ceiling',
  on_hold: 'customer on credit hold',
  expired: 'not paid in time',
  cancelled: 'on request',
  error: 'a step kept failing',
}

/** @type {Record<string, string>} */
const meanings = {
  PENDING: 'The saga is running; each step is one committed message.',
  PLACED: 'Stock is reserved and the payment link is ready. Pay it, or cancel it.',
  PAID: 'Paid once and for all; a paid order cannot be cancelled.',
  CANCELLING: 'The payment is closed first, then the stock is given back.',
  CANCELLED: 'What had been done was given back; nothing is owed.',
  EXPIRED: 'It was not paid in time, so its stock was given back.',
  NEEDS_ATTENTION: 'A step that must succeed could not finish. Remove its cause, then retry the saga below.',
}

/** @param {Record<string, Look>} looks @param {string} state @returns {Look} */
const lookIn = (looks, state) => looks[state] ?? { icon: 'waiting', tone: 'mute', words: state }

/** @param {string} status */
export const orderLook = (status) => lookIn(orderLooks, status)
/** @param {string} status */
export const sagaLook = (status) => lookIn(sagaLooks, status)
/** @param {string} status */
export const stepLook = (status) => lookIn(stepLooks, status)
/** @param {string} code */
export const reasonWords = (code) => reasons[code] ?? code.replaceAll('_', ' ')
/** @param {string} status */
export const orderMeaning = (status) => meanings[status] ?? ''
