import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../kit/wait.ts'
import { refuseRows } from './fault.fixture.ts'
import { foldedReadModel, shownReadModel, violations } from './invariants.fixture.ts'
import { drained, newProduct, openShop, order, pay, place, placed, type Shop, stockOf } from './shop.fixture.ts'

let shop: Shop
let product: number
beforeAll(async () => {
  // The shortest waits between attempts.
  shop = await openShop({ random: { next: () => 0 } })
  product = await newProduct(shop, 10)
})
afterAll(() => shop.close())

const status = async (id: number): Promise<string> => (await order(shop, id)).status
const needsAttention = (id: number) =>
  until(`order ${id} needs a person`, async () => (await status(id)) === 'NEEDS_ATTENTION', 60_000)
const attention = () => shop.database.query('select attention from store.saga where attention is not null')
/** An operator asks for every dead letter to be tried again. */
const replay = () =>
  shop.database.query(
    `insert into store.replay_request (held_message, requested_by) select id, 'test' from store.held_message where state = 'dead'`,
  )

test('F46: a link that keeps failing: NEEDS_ATTENTION, never PLACED; after the repair and a replay PLACED', async () => {
  const linking = await refuseRows(shop.database, 'update', 'store.orders', `new.status in ('PLACED', 'PAID')`)
  const { body } = await shop.call('POST', '/orders', { user_id: 1, items: [{ product_id: product, quantity: 1 }] })
  await needsAttention(body.order_id)
  expect(await order(shop, body.order_id)).toMatchObject({ payment_link: '', is_paid: false, reason: null })
  expect(await attention()).toEqual([{ attention: expect.stringContaining('linkPayment') }])
  expect(await shop.call('DELETE', `/orders/${body.order_id}`)).toMatchObject({
    status: 409,
    body: { deleted: false, type: '/problems/needs_attention' },
  })
  // Orders of other keys are not held up by it, only by the same fault.
  await linking.heal()
  const other = await place(shop, 1, [{ product_id: product, quantity: 1 }])
  expect(other.body.status).toBe('PLACED')

  await replay()
  await until('the order is PLACED', async () => (await status(body.order_id)) === 'PLACED')
  expect((await pay(shop, body.order_id)).status).toBe(200)
  await drained(shop)
  expect(await attention()).toEqual([])
})

test('F46: a return of stock that keeps failing: NEEDS_ATTENTION, never CANCELLED while it is owed; then CANCELLED', async () => {
  const id = await placed(shop, product, 3)
  const left = await stockOf(shop, product)
  const returning = await refuseRows(shop.database, 'insert', 'store.stock_ledger', `new.kind = 'released'`)
  const cancelling = shop.call('DELETE', `/orders/${id}`)
  await until(
    'it has failed once',
    async () => (await shop.database.query(`select 1 from store.held_message where state = 'retry'`)).length > 0,
  )
  // The last attempt of those it gets: the waits between them are six seconds and more, and after ten the answer is another.
  await shop.database.query(`update store.held_message set attempts = 7, due = comptoir.now() where state = 'retry'`)
  await needsAttention(id)
  expect(await stockOf(shop, product)).toBe(left)
  expect((await cancelling).status).toBe(409)
  await returning.heal()
  await replay()
  await until('the order is CANCELLED', async () => (await status(id)) === 'CANCELLED')
  expect(await stockOf(shop, product)).toBe(left + 3)
})

test('F46: an undo that keeps failing: NEEDS_ATTENTION, never CANCELLED while it is owed; then CANCELLED', async () => {
  const left = await stockOf(shop, product)
  const returning = await refuseRows(shop.database, 'insert', 'store.stock_ledger', `new.kind = 'released'`)
  const { body } = await shop.call('POST', '/orders', { user_id: 4, items: [{ product_id: product, quantity: 2 }] })
  await needsAttention(body.order_id)
  expect(await stockOf(shop, product)).toBe(left - 2)
  await returning.heal()
  await replay()
  await until('the order is CANCELLED', async () => (await status(body.order_id)) === 'CANCELLED')
  expect((await order(shop, body.order_id)).reason).toBe('on_hold')
  expect(await stockOf(shop, product)).toBe(left)
})

test('at the end, all invariants hold and the read model is the fold of the write side', async () => {
  await drained(shop)
  expect(await violations(shop.database)).toEqual([])
  expect(await shownReadModel(shop.database)).toEqual(await foldedReadModel(shop.database))
})
