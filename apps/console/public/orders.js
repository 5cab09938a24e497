// @ts-check
/** The list of the last orders: keyed rows, changed one by one, never moved while somebody reads them. */
import { announce, byId, el, show, timeAgo } from './dom.js'
import { money } from './format.js'
import { orderBadge, stepChips } from './looks.js'
import { countByStatus, nextShown } from './model.js'
import { customerName } from './names.js'
import { orderLook, reasonWords } from './words.js'

/** @typedef {ReturnType<typeof import('./feed.js').createFeed>} Feed @typedef {import('./model.js').Order} Order */

/** @param {Feed} feed */
export function createOrderList(feed) {
  const section = byId('feed')
  const list = byId('orders')
  const more = byId('new-orders')
  /** @type {Map<number, HTMLElement>} */
  const rows = new Map()
  /** @type {number[]} */
  let shown = []
  let first = true

  /** Somebody reads: the list's top has been scrolled away, or a mouse rests on it (or on its way to the button that shows more). */
  const isRead = () => list.getBoundingClientRect().top < 0 || (matchMedia('(hover: hover)').matches && section.matches(':hover'))

  /** @param {boolean} held */
  function render(held = isRead()) {
    const { ids, waiting } = nextShown(shown, feed.latest(), held)
    const added = ids.filter((id) => !rows.has(id))
    shown = ids
    for (const [id, row] of rows) if (!ids.includes(id)) drop(id, row)
    let before = list.firstElementChild
    for (const id of ids) {
      const row = rows.get(id) ?? newRow(id)
      if (row === before) before = row.nextElementSibling
      else list.insertBefore(row, before)
      const order = feed.order(id)
      if (order) fill(row, order)
    }
    if (!first && added.length > 0) announce(added.length === 1 ? `New order ${added[0]}` : `${added.length} new orders`)
    first = false
    more.hidden = waiting === 0
    more.textContent = waiting === 1 ? '1 new order: show it' : `${waiting} new orders: show them`
    byId('empty').hidden = ids.length > 0
    renderCounts()
  }

  /** @param {number} id @param {HTMLElement} row */
  function drop(id, row) {
    row.remove()
    rows.delete(id)
  }

  /** @param {number} id */
  function newRow(id) {
    const href = `#order/${id}`
    const open = () => {
      if (getSelection()?.isCollapsed) location.hash = href
    }
    const row = el('li', {
      class: first ? 'row' : 'row row-new',
      'data-testid': 'order-row',
      'data-order-id': String(id),
      onclick: open,
    })
    rows.set(id, row)
    return row
  }

  /** @param {HTMLElement} row @param {Order} order */
  function fill(row, order) {
    const { order_id, status, reason, user_id, total_amount, created_at } = order
    const sagas = feed.sagasOf(order)
    const customer = customerName(user_id)
    row.dataset.status = status
    const link = row.querySelector('a') ?? el('a', { class: 'row-id', href: `#order/${order_id}` }, `#${order_id}`)
    show(row, [order, sagas, customer], () => [
      el(
        'div',
        { class: 'row-head' },
        link,
        orderBadge(status),
        el('span', { class: 'row-who' }, customer, reason ? el('span', { class: 'reason' }, reasonWords(reason)) : null),
        el('span', { class: 'amount' }, money(total_amount)),
        timeAgo(created_at),
      ),
      ...sagas.map(stepChips),
    ])
  }

  function renderCounts() {
    const orders = shown.flatMap((id) => feed.order(id) ?? [])
    const counts = [...countByStatus(orders)].map(([status, count]) => `${count} ${orderLook(status).words.toLowerCase()}`)
    show(byId('counts'), counts, () => [counts.join(' · ')])
  }

  more.addEventListener('click', () => {
    render(false)
    section.scrollIntoView({ block: 'start' })
  })
  section.addEventListener('pointerleave', () => render())
  list.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const row = event.target instanceof Element && event.target.closest('li.row')
    const next = step && row && list.children[[...list.children].indexOf(row) + step]
    if (!next) return
    event.preventDefault()
    next.querySelector('a')?.focus()
  })

  return {
    render,
    shown: () => shown,
    /** @param {number | undefined} id the selected order, if any */
    mark(id) {
      for (const [rowId, row] of rows) row.querySelector('a')?.toggleAttribute('aria-current', rowId === id)
    },
    /** @param {number} id */
    focus: (id) => rows.get(id)?.querySelector('a')?.focus(),
  }
}
