// @ts-check
/** Names of customers and products: asked once each, and shown by number until known. */
import { Failure, read } from './api.js'

/** @type {Map<string, string>} */
const known = new Map()
/** @type {Set<string>} */
const asked = new Set()
let named = () => {}

/** @param {() => void} listener called when a name has become known */
export const onName = (listener) => {
  named = listener
}

/** @param {number} id */
export const customerName = (id) => nameOf(`/store-api/users/${id}`, `customer ${id}`)
/** @param {number} id */
export const productName = (id) => nameOf(`/store-api/products/${id}`, `product ${id}`)

/** @param {string} path @param {string} otherwise */
function nameOf(path, otherwise) {
  if (!asked.has(path)) ask(path)
  return known.get(path) ?? otherwise
}

/** @param {string} path */
async function ask(path) {
  asked.add(path)
  try {
    known.set(path, (await read(path)).name)
    named()
  } catch (error) {
    // A refusal is final (the number stays); without an answer it is asked again later.
    if (error instanceof Failure && (error.status === 0 || error.status >= 500)) asked.delete(path)
  }
}
