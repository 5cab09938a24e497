// @ts-check
/** What can be done to an order: pay it with the sandbox card, or cancel it after a question. */
import { act } from './api.js'
import { announce, el, show } from './dom.js'
import { canCancel, canPay } from './model.js'

/** @typedef {import('./model.js').Order} Order */

const sandboxCard = { cardNumber: 9999999999999, cardCode: 123, expirationDate: '2030-01-05' }

/** @param {() => void} changed called after each act */
export function createActs(changed) {
  const node = el('div', { class: 'acts' })
  /** @type {Order | undefined} */
  let order
  let state = { asking: false, busy: '', outcome: '' }

  /** @param {Partial<typeof state>} change */
  function set(change) {
    state = { ...state, ...change }
    render()
  }

  /** @param {string} busy @param {string} done @param {() => Promise<unknown>} work */
  async function run(busy, done, work) {
    const subject = order
    set({ asking: false, busy, outcome: '' })
    let outcome = done
    try {
      await work()
    } catch (error) {
      outcome = error instanceof Error ? error.message : String(error)
    }
    if (order?.order_id === subject?.order_id) set({ busy: '', outcome })
    announce(outcome)
    changed()
  }

  /** @param {Order} paid */
  const pay = ({ order_id, payment_link }) =>
    run('Paying…', `Order ${order_id}: payment accepted`, () =>
      act('POST', new URL(payment_link, location.href).pathname, sandboxCard),
    )

  /** @param {Order} unwanted */
  const cancel = ({ order_id }) =>
    run('Cancelling…', `Order ${order_id}: cancellation accepted`, () => act('DELETE', `/store-api/orders/${order_id}`))

  function render() {
    const subject = order
    if (!subject) return
    const payable = canPay(subject)
    const cancellable = canCancel(subject)
    show(node, [subject.order_id, subject.payment_link, payable, cancellable, state], () => {
      if (state.busy) return [el('p', { role: 'status' }, state.busy)]
      const outcome = state.outcome
        ? el('p', { role: 'status', class: 'result', 'data-testid': 'act-result' }, state.outcome)
        : null
      if (state.asking && cancellable) return question(subject)
      return [
        payable ? button('primary', 'pay-order', 'Pay with the sandbox card', () => pay(subject)) : null,
        cancellable ? button('', 'cancel-order', 'Cancel this order', () => set({ asking: true, outcome: '' })) : null,
        outcome,
      ]
    })
  }

  /** @param {Order} subject */
  const question = (subject) => [
    el(
      'p',
      { role: 'alert' },
      `Cancel order ${subject.order_id}? Its stock is given back and its payment closed. This cannot be undone.`,
    ),
    button('danger', 'confirm-cancel', 'Yes, cancel it', () => cancel(subject)),
    button('', 'keep-order', 'Keep it', () => set({ asking: false })),
  ]

  /** @param {string} look @param {string} testId @param {string} words @param {() => void} onclick */
  const button = (look, testId, words, onclick) =>
    el('button', { type: 'button', class: look, 'data-testid': testId, onclick }, words)

  return {
    node,
    /** @param {Order} next */
    update(next) {
      if (next.order_id !== order?.order_id) state = { asking: false, busy: '', outcome: '' }
      order = next
      render()
    },
  }
}
