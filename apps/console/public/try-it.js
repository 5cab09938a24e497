// @ts-check
/** Three orders to place, each by its button or by its curl. */
import { act } from './api.js'
import { byId, copyButton, el, icon } from './dom.js'
import { curl } from './model.js'

const examples = [
  {
    id: 'success',
    icon: 'done',
    title: 'An order that succeeds',
    text: 'A keyboard. Stock goes down, a payment is made, its link comes back.',
    order: { user_id: 1, items: [{ product_id: 2, quantity: 1 }] },
  },
  {
    id: 'no-stock',
    icon: 'failed',
    title: 'An order without stock',
    text: 'Three gadgets, but only two are in stock: the order is cancelled again.',
    order: { user_id: 1, items: [{ product_id: 3, quantity: 3 }] },
  },
  {
    id: 'payment-refused',
    icon: 'undone',
    title: 'An order refused at payment',
    text: 'The customer is on credit hold: stock comes back, then the order is cancelled.',
    order: { user_id: 4, items: [{ product_id: 2, quantity: 1 }] },
  },
]

/** @param {() => void} placed called when an order was accepted */
export function showTryIt(placed) {
  byId('examples').append(...examples.map((example) => card(example, placed)))
  const [first] = examples
  if (first) byId('empty-curl').append(command(curl(location.origin, first.order)))
}

/** @param {typeof examples[number]} example @param {() => void} placed */
function card(example, placed) {
  const result = el('p', { class: 'result', role: 'status', 'data-testid': `try-${example.id}-result` })
  const place = async () => {
    try {
      const { order_id: id } = await act('POST', '/store-api/orders', example.order)
      result.replaceChildren('Accepted: ', el('a', { href: `#order/${id}` }, `order ${id}`))
      placed()
    } catch (error) {
      result.replaceChildren(error instanceof Error ? error.message : String(error))
    }
  }
  return el(
    'li',
    { class: 'card' },
    el('h3', {}, icon(example.icon), example.title),
    el('p', {}, example.text),
    el(
      'div',
      { class: 'card-act' },
      el('button', { type: 'button', class: 'primary', 'data-testid': `try-${example.id}`, onclick: place }, 'Place it'),
      result,
    ),
    command(curl(location.origin, example.order)),
  )
}

/** @param {string} text */
const command = (text) =>
  el('div', { class: 'command' }, el('code', { tabindex: '0' }, text), copyButton(text, 'the curl command'))
