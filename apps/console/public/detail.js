// @ts-check
/** The panel of the selected order; the selection is the URL's hash, `#order/1005`. */
import { createActs } from './acts.js'
import { Failure, read } from './api.js'
import { announce, byId, copyButton, el, show, timeAgo } from './dom.js'
import { money } from './format.js'
import { orderBadge } from './looks.js'
import { canPay } from './model.js'
import { customerName, productName } from './names.js'
import { createSagaActs } from './saga-acts.js'
import { sagaView } from './saga-view.js'
import { orderLook, orderMeaning, reasonWords } from './words.js'

/** @typedef {import('./model.js').Order} Order @typedef {import('./model.js').Saga} Saga */

/** @returns {number | undefined} the order that the hash names */
export function selectedOrder() {
  const match = /^#order\/([1-9]\d{0,9})$/.exec(location.hash)
  return match ? Number(match[1]) : undefined
}

/** @param {ReturnType<typeof import('./feed.js').createFeed>} feed @param {() => void} changed called after an act */
export function createDetail(feed, changed) {
  const title = byId('detail-title')
  const acts = createActs(changed)
  const [problem, facts, lines, sagas] = [el('div', {}), el('div', {}), el('div', {}), el('div', {})]
  byId('detail-body').append(problem, facts, acts.node, lines, sagas)
  /** Of the sagas shown, by id. @type {Map<string, ReturnType<typeof createSagaActs>>} */
  const sagaActs = new Map()
  /** @type {string | undefined} */
  let said
  let redraw = () => {}

  /** Reads the selected order and its sagas again. */
  async function refresh() {
    const id = selectedOrder()
    if (id === undefined) return
    try {
      /** @type {Order} */
      const order = await read(`/store-api/orders/${id}`)
      const ids = new Set([order.saga_id, ...feed.sagasOf(order).map((saga) => saga.saga_id)].filter(Boolean))
      const answers = await Promise.allSettled([...ids].map((sagaId) => read(`/saga-api/sagas/${sagaId}`)))
      if (id !== selectedOrder()) return
      const failed = answers.find((answer) => answer.status === 'rejected')
      render(
        order,
        answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])),
        failed?.reason,
      )
    } catch (error) {
      if (id === selectedOrder()) renderFailure(error)
    }
  }

  /** @param {unknown} error */
  function renderFailure(error) {
    const words = error instanceof Error ? error.message : String(error)
    const hint = error instanceof Failure && error.status === 404 ? ' Pick another order from the list.' : ''
    show(problem, words, () => [el('p', { class: 'alert', role: 'alert' }, words + hint)])
  }

  /** @param {Order} order @param {Saga[]} itsSagas @param {Error | undefined} failure */
  function render(order, itsSagas, failure) {
    redraw = () => render(order, itsSagas, failure)
    if (failure) renderFailure(failure)
    else show(problem, null, () => [])
    show(facts, [order, customerName(order.user_id)], () => factsOf(order))
    acts.update(order)
    show(lines, [order.items, order.items.map((item) => productName(item.product_id))], () => [linesOf(order)])
    if (itsSagas.length > 0) show(sagas, itsSagas, () => itsSagas.map((saga) => sagaView(saga, actsOf(saga).node)))
    for (const saga of itsSagas) actsOf(saga).update(saga)
    const news = `Order ${order.order_id}: ${orderLook(order.status).words}`
    if (said?.startsWith(`Order ${order.order_id}:`) && said !== news) announce(news)
    said = news
  }

  /** @param {Saga} saga */
  function actsOf({ saga_id }) {
    const found = sagaActs.get(saga_id) ?? createSagaActs(changed)
    sagaActs.set(saga_id, found)
    return found
  }

  return {
    refresh,
    redraw: () => redraw(),
    /** Shows the order that the hash names: what the list knows of it at once, the rest when it has been read. */
    select() {
      const id = selectedOrder()
      document.body.classList.toggle('has-detail', id !== undefined)
      title.textContent = `Order ${id}`
      redraw = () => {}
      sagaActs.clear()
      for (const part of [problem, facts, lines, sagas]) show(part, id, () => [])
      acts.node.hidden = id === undefined
      const order = id === undefined ? undefined : feed.order(id)
      if (order) render(order, feed.sagasOf(order), undefined)
      return refresh()
    },
  }
}

/** @param {Order} order */
function factsOf(order) {
  const { order_id, status, reason, user_id, total_amount, created_at, payment_link } = order
  const fact = (/** @type {string} */ name, /** @type {(Node | string)[]} */ ...value) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, ...value))
  // A link from data is only followed when it is a web address.
  const link =
    canPay(order) &&
    /^https?:\/\//.test(payment_link) &&
    el('a', { href: payment_link, 'data-testid': 'payment-link' }, payment_link)
  return [
    el(
      'p',
      { class: 'meaning' },
      orderBadge(status),
      reason ? el('strong', {}, reasonWords(reason)) : null,
      el('span', {}, orderMeaning(status)),
    ),
    el(
      'dl',
      {},
      fact('Total', el('span', { class: 'amount' }, money(total_amount))),
      fact('Customer', customerName(user_id)),
      fact('Placed', timeAgo(created_at)),
      fact('Order', String(order_id), copyButton(String(order_id), 'the order number')),
      link ? fact('Payment link', link, copyButton(payment_link, 'the payment link')) : '',
    ),
  ]
}

/** @param {Order} order */
const linesOf = (order) =>
  el(
    'ul',
    { class: 'lines', 'aria-label': 'Lines' },
    ...order.items.map(({ product_id, quantity, unit_price }) =>
      el(
        'li',
        {},
        el('span', {}, `${quantity} × ${productName(product_id)}`),
        el('span', { class: 'muted' }, `at ${money(unit_price)}`),
        el('span', { class: 'amount' }, money(quantity * unit_price)),
      ),
    ),
  )
