// @ts-check
/** Building and changing the document. Text goes in as text nodes only, never as HTML. */
import { age, exact } from './format.js'

/** @typedef {Node | string | null} Child */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean | undefined | ((event: Event) => void)>} attributes `onclick` and the like listen
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name.slice(2), value)
    else if (value !== undefined && value !== false) node.setAttribute(name, String(value))
  }
  node.append(...children.filter((child) => child !== null))
  return node
}

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const node = document.getElementById(id)
  if (!node) throw new Error(`index.html has no #${id}`)
  return node
}

/** One of the symbols of index.html, for the eyes only. @param {string} name */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('class', `icon icon-${name}`)
  svg.setAttribute('aria-hidden', 'true')
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use')
  use.setAttribute('href', `#i-${name}`)
  svg.append(use)
  return svg
}

/** @param {string} at ISO time */
export const timeAgo = (at) => el('time', { datetime: at, title: exact(at), class: 'ago' }, age(at, Date.now()))

export function refreshAges() {
  for (const node of document.querySelectorAll('time.ago')) {
    const words = age(node.getAttribute('datetime') ?? '', Date.now())
    if (node.textContent !== words) node.textContent = words
  }
}

/** @type {WeakMap<Element, string>} */
const signatures = new WeakMap()

/**
 * Fills a node again only if what it shows has changed. Focus inside it goes to the node, instead of getting lost.
 * @param {HTMLElement} node @param {unknown} data all that `build` shows @param {() => Child[]} build
 */
export function show(node, data, build) {
  const signature = JSON.stringify(data)
  if (signatures.get(node) === signature) return
  signatures.set(node, signature)
  const hadFocus = node.contains(document.activeElement)
  node.replaceChildren(...build().filter((child) => child !== null))
  if (!hadFocus || node.contains(document.activeElement)) return
  node.tabIndex = -1
  node.focus({ preventScroll: true })
}

/** Tells screen readers. @param {string} words */
export function announce(words) {
  byId('announcement').textContent = words
}

/** @param {string} text what is copied @param {string} what its name, for screen readers */
export const copyButton = (text, what) => {
  const label = el('span', {}, 'Copy')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      label.textContent = 'Copied'
      announce(`${what} copied`)
    } catch {
      // Browsers refuse the clipboard to pages that are neither on localhost nor on https.
      label.textContent = 'Select and press Ctrl+C'
    }
    setTimeout(() => (label.textContent = 'Copy'), 2_000)
  }
  return el(
    'button',
    { type: 'button', class: 'copy', 'aria-label': `Copy ${what}`, title: `Copy ${what}`, onclick: copy },
    icon('copy'),
    label,
  )
}
