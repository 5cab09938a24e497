import type { Unit } from '@comptoir/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createProduct } from '../products/commands.ts'
import { OPENING_MS, openScratchStore, type ScratchStore } from '../seed/scratch-store.fixture.ts'
import { createUser } from '../users/commands.ts'
import { cancellationEnded } from './cancellation.ts'
import { requestCancellation } from './commands.ts'
import { expireOrders } from './expiry.ts'
import { paymentProcessed } from './payment-processed.ts'
import { placeOrders } from './placed-orders.fixture.ts'

let store: ScratchStore
beforeAll(async () => {
  store = await openScratchStore()
}, OPENING_MS)
beforeEach(async () => {
  await store.clear()
  await store.work.query('truncate store.order_expiry, store.saga')
  await createUser(store.work, { name: 'a', email: 'a@example.com' })
  await createProduct(store.work, { name: 'A', sku: 'A', price: 250 })
})
afterAll(() => store.close())

const hour = 3_600_000
const run = <T>(work: (unit: Unit) => Promise<T>): Promise<T> => store.work.transaction(work)

/** So many orders with a payment link each, as their saga leaves them. */
const place = (count: number, payWithinMs: number, before?: (orders: readonly number[]) => Promise<unknown>) =>
  placeOrders(store.work, count, payWithinMs, before)
const pay = (orders: readonly number[]) =>
  run((unit) =>
    paymentProcessed.handle(
      unit,
      orders.map((order_id) => ({ id: unit.newId(), key: unit.newId(), data: { order_id, payment_id: order_id } })),
    ),
  )
const expire = (limit = 500) => run((unit) => expireOrders(unit, limit))
const awaited = async () =>
  (await store.work.query<{ order_id: number }>('select order_id from store.order_expiry order by 1')).map((row) => row.order_id)
const states = async () =>
  (await store.work.query<{ status: string }>('select status from store.orders order by id')).map((row) => row.status)
const begun = async () => {
  const rows = await store.work.query<{ body: string }>(
    `select body from store.log where type = 'CancelOrderRequested' order by pos`,
  )
  return rows.map(({ body }) => {
    const { input } = JSON.parse(body) as { input: { order_id: number; reason: string } }
    return [input.order_id, input.reason]
  })
}

describe('an order that is not paid in time', () => {
  it('begins to be cancelled, once, for the reason that it has expired', async () => {
    const orders = await place(2, 0)
    expect(await expire()).toBe(2)
    expect(await states()).toEqual(['CANCELLING', 'CANCELLING'])
    expect(await begun()).toEqual(orders.map((order) => [order, 'expired']))
    expect(await awaited()).toEqual([])
    expect(await expire()).toBe(0)
  })

  it('is left alone until then', async () => {
    const orders = await place(2, hour)
    expect(await expire()).toBe(0)
    expect(await states()).toEqual(['PLACED', 'PLACED'])
    expect(await awaited()).toEqual(orders)
  })

  it('is taken a set at a time, and none is left out', async () => {
    await place(25, 0)
    expect([await expire(10), await expire(10), await expire(10), await expire(10)]).toEqual([10, 10, 5, 0])
    expect(new Set(await states())).toEqual(new Set(['CANCELLING']))
    expect(await begun()).toHaveLength(25)
  })

  it('waits anew when its cancellation was refused by an error', async () => {
    const [order = 0] = await place(1, 0)
    await expire()
    const ending = { saga: store.work.ports.ids.uuid(), subject: String(order), outcome: 'cancelled' } as const
    await run((unit) => cancellationEnded(hour)(unit, [{ ...ending, cause: { step: 'closePayment', reason: 'error' } }]))
    expect([await states(), await awaited()]).toEqual([['PLACED'], [order]])
  })
})

describe('nothing is waited for', () => {
  it('once an order is paid', async () => {
    const [first = 0, second = 0] = await place(2, hour)
    await pay([first])
    expect(await awaited()).toEqual([second])
  })

  it('when it was paid before its link was there', async () => {
    await place(1, hour, pay)
    expect([await states(), await awaited()]).toEqual([['PAID'], []])
  })

  it('once somebody has asked for its end', async () => {
    const [order = 0] = await place(1, hour)
    await requestCancellation(store.work, order)
    expect([await states(), await awaited()]).toEqual([['CANCELLING'], []])
  })

  it('when somebody had asked for its end before its link was there', async () => {
    const orders = await place(1, hour, ([order = 0]) => requestCancellation(store.work, order))
    expect([await states(), await awaited(), await begun()]).toEqual([['CANCELLING'], [], [[orders[0], 'cancelled']]])
  })

  it.each(['before', 'after', 'never'])('when its cancellation lost against its payment, which is told %s that', async (when) => {
    const [order = 0] = await place(1, 0)
    await expire()
    const ending = { saga: store.work.ports.ids.uuid(), subject: String(order), outcome: 'cancelled' } as const
    if (when === 'before') await pay([order])
    await run((unit) => cancellationEnded(hour)(unit, [{ ...ending, cause: { step: 'closePayment', reason: 'paid' } }]))
    if (when === 'after') await pay([order])
    expect([await states(), await awaited()]).toEqual([['PAID'], []])
  })
})
