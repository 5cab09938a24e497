import { cancelOrder, OrderClosed, PaymentTaken } from '@comptoir/contracts'
import type { Consumer } from '@comptoir/runtime'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { CEILING, OPENING_MS, openScratchPayments, type ScratchPayments } from './scratch-payments.fixture.ts'

/** Longest that a message may take through the consumer, in milliseconds. */
const DEADLINE_MS = 10_000

let scratch: ScratchPayments
let consumer: Consumer
beforeAll(async () => {
  scratch = await openScratchPayments()
}, OPENING_MS)
beforeEach(async () => {
  await scratch.clear()
  consumer = scratch.consumer()
})
afterEach(() => consumer.stop())
afterAll(() => scratch.close())

/** Lets the consumer run until it has sent that many messages to the store. */
async function sentAfter(count: number) {
  await consumer.start()
  await vi.waitFor(async () => expect((await scratch.sent()).length).toBeGreaterThanOrEqual(count), { timeout: DEADLINE_MS })
  return scratch.sent()
}
const outcomes = async (count: number) => new Map((await sentAfter(count)).map(({ key, type, data }) => [key, { type, data }]))
const handled = (count: number) =>
  vi.waitFor(async () => expect(await scratch.payments.query('select 1 from payments.inbox')).toHaveLength(count), {
    timeout: DEADLINE_MS,
  })

const open = async (order_id: number, total_amount = 59.5) => {
  const answer = await scratch.app.inject({ method: 'POST', url: '/payments', body: { user_id: 1, order_id, total_amount } })
  return answer.json<{ payment_id: number }>().payment_id
}
const pay = (id: number) => {
  const body = { cardNumber: 9999999999999, cardCode: 123, expirationDate: '2030-01-05' }
  return scratch.app.inject({ method: 'POST', url: `/payments/process/${id}`, body })
}
const statuses = async () => {
  const rows = await scratch.payments.query<{ order_id: number; status: string }>(
    'select order_id, status from payments.payments',
  )
  return Object.fromEntries(rows.map(({ order_id, status }) => [order_id, status]))
}
/** Begins the cancellation of an order; answers the saga's id. */
async function cancel(order_id: number): Promise<string> {
  const id = scratch.store.ports.ids.uuid()
  const input = { order_id, items: [], reason: 'cancelled' as const }
  await scratch.store.transaction(async (unit) => unit.begin(cancelOrder, [{ id, input }]))
  return id
}
const tell = (event: typeof OrderClosed | typeof PaymentTaken, order_id: number) =>
  scratch.store.transaction(async (unit) => unit.publish({ ...event, key: unit.newId(), data: { order_id } }))

describe('createPayment', () => {
  test('opens, or fails with the reason, within one batch', async () => {
    await scratch.app.inject({ method: 'PUT', url: '/holds/2' })
    const good = await scratch.askForPayment({ order: 1, user: 1, total: CEILING })
    const dear = await scratch.askForPayment({ order: 2, user: 1, total: CEILING + 1 })
    const held = await scratch.askForPayment({ order: 3, user: 2, total: 100 })
    const sent = await outcomes(3)
    const cause = (reason: string) => ({ cause: { step: 'createPayment', reason } })
    expect(sent.get(good)).toMatchObject({ type: 'PaymentCreated', data: { createPayment: { payment_id: 1 } } })
    expect(sent.get(dear)).toMatchObject({ type: 'PaymentCreationFailed', data: cause('over_ceiling') })
    expect(sent.get(held)).toMatchObject({ type: 'PaymentCreationFailed', data: cause('on_hold') })
    expect(await statuses()).toEqual({ 1: 'OPEN' })
  })

  test('takes the payment that the order has: the same amount open or paid, not another, not a closed one', async () => {
    const same = await open(1)
    const paid = await open(2)
    await pay(paid)
    await open(3)
    await open(4)
    await cancel(4)
    await sentAfter(2)
    const sagas = await Promise.all(
      [5_950, 5_950, 6_000, 5_950].map((total, index) => scratch.askForPayment({ order: index + 1, user: 1, total })),
    )
    await vi.waitFor(async () => expect(await scratch.sent()).toHaveLength(6), { timeout: DEADLINE_MS })
    const sent = new Map((await scratch.sent()).map(({ key, data }) => [key, data]))
    expect(sagas.map((saga) => sent.get(saga))).toMatchObject([
      { createPayment: { payment_id: same } },
      { createPayment: { payment_id: paid } },
      { cause: { reason: 'closed' } },
      { cause: { reason: 'closed' } },
    ])
    expect(await statuses()).toEqual({ 1: 'OPEN', 2: 'PAID', 3: 'OPEN', 4: 'CLOSED' })
  })

  test('I3: a payment keeps the saga of its order as the key of its events', async () => {
    const saga = await scratch.askForPayment({ order: 1, user: 1, total: 5_950 })
    await sentAfter(1)
    await pay(1)
    expect((await scratch.sent()).at(-1)).toEqual({ type: 'PaymentProcessed', key: saga, data: { order_id: 1, payment_id: 1 } })
  })
})

describe('closePayment', () => {
  test('closes an open payment, and an order that has none; refuses a paid one', async () => {
    await open(1)
    await pay(await open(2))
    const sagas = [await cancel(1), await cancel(2), await cancel(3)]
    const sent = await outcomes(4)
    expect(sagas.map((saga) => sent.get(saga))).toMatchObject([
      { type: 'PaymentClosed' },
      { type: 'PaymentCloseRefused', data: { cause: { step: 'closePayment', reason: 'paid' } } },
      { type: 'PaymentClosed' },
    ])
    expect(await statuses()).toEqual({ 1: 'CLOSED', 2: 'PAID', 3: 'CLOSED' })
    expect((await pay(1)).statusCode).toBe(409)
  })
})

describe('events of the store', () => {
  test('OrderClosed: no payment can be made any more', async () => {
    await open(1)
    await tell(OrderClosed, 1)
    await tell(OrderClosed, 2)
    await consumer.start()
    await handled(2)
    expect(await statuses()).toEqual({ 1: 'CLOSED', 2: 'CLOSED' })
  })

  test('PaymentTaken: an open payment is paid once, a closed one stays closed', async () => {
    const id = await open(1)
    await open(2)
    await tell(OrderClosed, 2)
    await consumer.start()
    await handled(1)
    for (const order of [1, 1, 2]) await tell(PaymentTaken, order)
    await handled(4)
    expect(await statuses()).toEqual({ 1: 'PAID', 2: 'CLOSED' })
    expect(await scratch.sent()).toMatchObject([{ type: 'PaymentProcessed', data: { order_id: 1, payment_id: id } }])
  })
})
