import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleCard } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { refuseRows } from './fault.fixture.ts'
import { foldedReadModel, shownReadModel, violations } from './invariants.fixture.ts'
import { after, drained, newProduct, openShop, order, pay, paymentOf, placed, type Shop, stockOf } from './shop.fixture.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const cancel = (id: number) => shop.call('DELETE', `/orders/${id}`)
const payment = async (id: number) =>
  (await shop.database.query<{ status: string }>('select status from payments.payments where order_id = $1', [id]))[0]?.status
const cancellations = async (id: number) =>
  (await shop.database.query(`select 1 from store.saga where definition like 'CancelOrder%' and subject = $1`, [String(id)]))
    .length

test('CancelOrder runs to its end: payment closed, stock back, order CANCELLED when it answers', async () => {
  const product = await newProduct(shop, 10)
  const id = await placed(shop, product, 4)
  const link = await paymentOf(shop, id)
  expect(await cancel(id)).toMatchObject({ status: 200, body: { deleted: true } })
  expect(await order(shop, id)).toMatchObject({ status: 'CANCELLED', reason: 'cancelled', is_paid: false })
  expect([await stockOf(shop, product), await payment(id)]).toEqual([10, 'CLOSED'])
  expect((await shop.call('POST', `/payments/process/${link}`, sampleCard)).status).toBe(409)
})

test('row 42: unknown, already cancelled, paid', async () => {
  const product = await newProduct(shop, 10)
  const [cancelled, paid] = [await placed(shop, product), await placed(shop, product)]
  await cancel(cancelled)
  await pay(shop, paid)
  expect(await cancel(999_999)).toMatchObject({ status: 404, body: { deleted: false, type: '/problems/unknown_order' } })
  expect(await cancel(cancelled)).toMatchObject({ status: 404, body: { deleted: false, type: '/problems/already_cancelled' } })
  expect(await cancel(paid)).toMatchObject({ status: 409, body: { deleted: false, type: '/problems/already_paid' } })
  expect((await order(shop, paid)).status).toBe('PAID')
})

test('I1: cancelled by several at once: one saga, the stock comes back once', async () => {
  const product = await newProduct(shop, 10)
  const id = await placed(shop, product, 4)
  const answers = await Promise.all([cancel(id), cancel(id), cancel(id)])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect([await stockOf(shop, product), await cancellations(id)]).toEqual([10, 1])
})

test('a PENDING order that is wished away is placed and then cancelled, in one go for those who look', async () => {
  const product = await newProduct(shop, 10)
  const { body } = await shop.call('POST', '/orders', { user_id: 1, items: [{ product_id: product, quantity: 4 }] })
  expect(await cancel(body.order_id)).toMatchObject({ status: 200, body: { deleted: true } })
  expect(await order(shop, body.order_id)).toMatchObject({ status: 'CANCELLED', reason: 'cancelled' })
  expect([await stockOf(shop, product), await payment(body.order_id)]).toEqual([10, 'CLOSED'])
})

test('a PENDING order that is wished away and cannot be placed either says why it was not', async () => {
  const product = await newProduct(shop, 1)
  const { body } = await shop.call('POST', '/orders', { user_id: 1, items: [{ product_id: product, quantity: 4 }] })
  expect(await cancel(body.order_id)).toMatchObject({ status: 200, body: { deleted: true } })
  expect(await order(shop, body.order_id)).toMatchObject({ status: 'CANCELLED', reason: 'out_of_stock' })
})

test('F45: paid before the store has linked the payment: PAID at the end, and a wish to cancel comes too late', async () => {
  const product = await newProduct(shop, 10)
  // While the store cannot link, the payment is there and can be paid by its id.
  const linking = await refuseRows(
    shop.database,
    'update',
    'store.orders',
    `new.payment_id is not null and old.payment_id is null and not new.paid`,
  )
  const { body } = await shop.call('POST', '/orders', { user_id: 1, items: [{ product_id: product, quantity: 1 }] })
  const id = body.order_id as number
  await until('the payment is open', async () => (await payment(id)) === 'OPEN')
  const cancelling = cancel(id)
  const [row] = await shop.database.query<{ id: number }>('select id from payments.payments where order_id = $1', [id])
  expect((await shop.call('POST', `/payments/process/${row?.id}`, sampleCard)).status).toBe(200)
  await linking.heal()
  expect(await cancelling).toMatchObject({ status: 409, body: { type: '/problems/already_paid' } })
  expect(await order(shop, id)).toMatchObject({ status: 'PAID', is_paid: true })
})

test('F45: cancelled while its payment is being paid: the order ends PAID, and the cancellation says 409', async () => {
  const product = await newProduct(shop, 10)
  const id = await placed(shop, product, 4)
  // The payment is paid, and the store has not heard of it yet: it begins to cancel.
  const hearing = await refuseRows(shop.database, 'insert', 'store.inbox', `new.step = 'PaymentProcessed'`)
  await shop.call('POST', `/payments/process/${await paymentOf(shop, id)}`, sampleCard)
  const answer = cancel(id)
  expect(await answer).toMatchObject({ status: 409, body: { type: '/problems/already_paid' } })
  expect(await order(shop, id)).toMatchObject({ status: 'PAID', reason: null })
  await hearing.heal()
  await drained(shop)
  expect([await stockOf(shop, product), (await order(shop, id)).status]).toEqual([6, 'PAID'])
})

test('F45, I3, I4: cancelling against paying, many interleavings: one winner', async () => {
  const product = await newProduct(shop, 300)
  const ends = new Set<string>()
  for (let wave = 0; wave < 30; wave += 1) {
    const ids = await Promise.all(Array.from({ length: 5 }, () => placed(shop, product)))
    await Promise.all(
      ids.map(async (id, index) => {
        const link = await paymentOf(shop, id)
        const [cancelling, paying] = await Promise.all([
          after(index * 2, () => cancel(id)),
          after(wave, () => shop.call('POST', `/payments/process/${link}`, sampleCard)),
        ])
        ends.add([cancelling.status, paying.status, (await order(shop, id)).status, await payment(id)].join())
      }),
    )
  }
  expect(ends).toEqual(new Set(['409,200,PAID,PAID', '200,409,CANCELLED,CLOSED']))
})

test('a closing that fails by an error leaves the order PLACED, not paid', async () => {
  const product = await newProduct(shop, 10)
  const id = await placed(shop, product, 4)
  const closing = await refuseRows(shop.database, 'update', 'payments.payments', `new.status = 'CLOSED'`)
  const answer = cancel(id)
  await until('it has failed once', async () => (await shop.database.query('select 1 from payments.held_message')).length > 0)
  // The last attempt of those it gets, without the waits between them.
  await shop.database.query(`update payments.held_message set attempts = 7, due = comptoir.now()`)
  await until('the order is PLACED again', async () => (await order(shop, id)).status === 'PLACED')
  expect(await order(shop, id)).toMatchObject({ is_paid: false, reason: null })
  expect([await stockOf(shop, product), await payment(id)]).toEqual([6, 'OPEN'])
  await closing.heal()
  // The first wish was given up; a new one is a new cancellation.
  expect(await cancel(id)).toMatchObject({ status: 200, body: { deleted: true } })
  expect((await answer).status).toBe(200)
  expect([await stockOf(shop, product), await payment(id)]).toEqual([10, 'CLOSED'])
})

test('at the end, all invariants hold and the read model is the fold of the write side', async () => {
  await drained(shop)
  expect(await violations(shop.database)).toEqual([])
  expect(await shownReadModel(shop.database)).toEqual(await foldedReadModel(shop.database))
})
