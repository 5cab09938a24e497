// @ts-check
/** What the page knows of the latest orders and their sagas. */
import { Failure, read } from './api.js'
import { isMoving, sagasOf } from './model.js'

/** @typedef {import('./model.js').Order} Order @typedef {import('./model.js').Saga} Saga */

const latestOrders = '/store-api/orders?limit=30'
/** An order may have two sagas: the one that placed it and the one that cancelled it. */
const latestSagas = '/saga-api/sagas?limit=60'
/** How many single reads a tick may add for rows that have left the lists. */
const singleReads = 6

export function createFeed() {
  /** @type {Map<number, Order>} */
  const orders = new Map()
  /** @type {Map<string, Saga>} */
  const sagas = new Map()
  /** @type {number[]} */
  let latest = []

  /**
   * Reads the lists again, and what the page shows but the lists no longer hold.
   * @param {number[]} shown ids of the orders on the page
   * @returns {Promise<Failure | undefined>} why sagas are missing, if they are; without orders it throws instead
   */
  async function load(shown) {
    const [orderPage, sagaPage] = await Promise.allSettled([read(latestOrders), read(latestSagas)])
    if (orderPage.status === 'rejected') throw orderPage.reason
    /** @type {Order[]} */
    const items = orderPage.value.items
    latest = items.map((order) => order.order_id)
    const kept = new Set([...latest, ...shown])
    for (const id of orders.keys()) if (!kept.has(id)) orders.delete(id)
    for (const order of items) orders.set(order.order_id, order)
    if (sagaPage.status === 'rejected') return sagaPage.reason
    keepSagas(sagaPage.value.items)
    await readStragglers(shown)
    return undefined
  }

  /** @param {Saga[]} items */
  function keepSagas(items) {
    const byOrders = new Set([...orders.values()].map((order) => order.saga_id))
    for (const [id, saga] of sagas) if (!byOrders.has(id) && !orders.has(saga.order_id ?? 0)) sagas.delete(id)
    for (const saga of items) sagas.set(saga.saga_id, saga)
  }

  /** @param {number[]} shown */
  async function readStragglers(shown) {
    const inList = new Set(latest)
    const moving = shown.flatMap((id) => orders.get(id) ?? []).filter((order) => !inList.has(order.order_id) && isMoving(order))
    const unknown = [...orders.values()].filter((order) => order.saga_id && !sagas.has(order.saga_id))
    const reads = [
      ...moving.map(async ({ order_id }) => orders.set(order_id, await read(`/store-api/orders/${order_id}`))),
      ...[...moving, ...unknown].map(async ({ saga_id }) => sagas.set(saga_id, await read(`/saga-api/sagas/${saga_id}`))),
    ]
    await Promise.allSettled(reads.slice(0, singleReads))
  }

  return {
    load,
    latest: () => latest,
    /** @param {number} id */
    order: (id) => orders.get(id),
    /** @param {Order} order */
    sagasOf: (order) => sagasOf(sagas.values(), order),
  }
}
