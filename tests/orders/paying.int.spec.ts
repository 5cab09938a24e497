import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleCard } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { refuseRows } from './fault.fixture.ts'
import { violations } from './invariants.fixture.ts'
import { after, drained, newProduct, openShop, order, pay, paymentOf, place, placed, type Shop } from './shop.fixture.ts'

let shop: Shop
let product: number
beforeAll(async () => {
  shop = await openShop()
  product = await newProduct(shop, 1_000)
})
afterAll(() => shop.close())

const put = (body: Record<string, unknown>) => shop.call('PUT', '/orders', body)

test('paid by card: the order is PAID when it answers, and paying again answers the same', async () => {
  const id = await placed(shop, product)
  const first = await pay(shop, id)
  expect(first).toMatchObject({ status: 200, body: { order_id: id, is_paid: true } })
  expect(await order(shop, id)).toMatchObject({ status: 'PAID', is_paid: true })
  expect((await pay(shop, id)).body).toEqual(first.body)
})

test('PUT /orders: paid by other means: the order and its payment are PAID when it answers', async () => {
  const id = await placed(shop, product)
  const payment = await paymentOf(shop, id)
  expect(await put({ order_id: id, is_paid: true, payment_id: payment })).toMatchObject({ status: 200, body: { updated: true } })
  expect(await order(shop, id)).toMatchObject({ status: 'PAID', is_paid: true })
  expect((await shop.call('GET', `/payments/${payment}`)).body).toMatchObject({ is_paid: true, status: 'PAID' })
  expect(await put({ order_id: id, is_paid: true })).toMatchObject({ status: 200, body: { updated: false } })
})

test('PUT /orders waits for an order that is still being placed', async () => {
  const { body } = await shop.call('POST', '/orders', { user_id: 1, items: [{ product_id: product, quantity: 1 }] })
  expect(await put({ order_id: body.order_id, is_paid: true })).toMatchObject({ status: 200, body: { updated: true } })
  expect((await order(shop, body.order_id)).status).toBe('PAID')
})

test('PUT /orders at any moment of the placing: always PAID, whatever the read model shows just then', async () => {
  for (let turns = 0; turns < 30; turns += 1) {
    const { body } = await shop.call('POST', '/orders', { user_id: 1, items: [{ product_id: product, quantity: 1 }] })
    const answer = await after(turns, () => put({ order_id: body.order_id, is_paid: true }))
    expect(answer).toMatchObject({ status: 200, body: { updated: true } })
  }
})

test('PUT /orders while the read model still shows the order as it was before it was placed', async () => {
  const id = await placed(shop, product)
  await shop.database.query(
    `update store_view.orders set status = 'PENDING', payment_id = null, version = 1 where order_id = $1`,
    [id],
  )
  const still = await refuseRows(shop.database, 'update', 'store_view.orders')
  expect(await put({ order_id: id, is_paid: true })).toMatchObject({ status: 200, body: { updated: true } })
  expect((await order(shop, id)).status).toBe('PAID')
  await still.heal()
})

test('PUT /orders: what it refuses', async () => {
  const [open, paid, cancelled] = [await placed(shop, product), await placed(shop, product), await placed(shop, product)]
  await pay(shop, paid)
  // The store hears of it by an event, which a busy machine may need longer for than the answer waits (500 ms).
  await until(`order ${paid} is PAID`, async () => (await order(shop, paid)).status === 'PAID')
  await shop.call('DELETE', `/orders/${cancelled}`)
  const refused = (await place(shop, 4, [{ product_id: product, quantity: 1 }])).body.order_id
  expect(await put({ order_id: open, is_paid: false })).toMatchObject({ status: 200, body: { updated: false } })
  expect(await put({ order_id: paid, is_paid: false })).toMatchObject({ status: 409, body: { type: '/problems/already_paid' } })
  for (const id of [cancelled, refused])
    expect(await put({ order_id: id, is_paid: true })).toMatchObject({
      status: 409,
      body: { type: '/problems/order_closed', updated: false },
    })
  expect(await put({ order_id: 999_999, is_paid: true })).toMatchObject({ status: 404 })
  const other = await put({ order_id: open, is_paid: true, payment_id: 999_999 })
  expect(other).toMatchObject({ status: 422, body: { errors: [{ pointer: '/payment_id', code: 'other_payment' }] } })
  expect(await order(shop, open)).toMatchObject({ status: 'PLACED', is_paid: false })
})

test.each<[string, Record<string, unknown>, number]>([
  ['row 16: an id as text', { order_id: '1001', is_paid: true }, 400],
  ['row 16: is_paid as text', { order_id: 1001, is_paid: 'true' }, 400],
  ['row 1: is_paid missing', { order_id: 1001 }, 400],
  ['row 11: a status', { order_id: 1001, is_paid: true, status: 'PAID' }, 400],
  ['row 24: an id that nothing can have', { order_id: 2_147_483_648, is_paid: true }, 422],
])('PUT /orders: %s', async (_name, body, status) => {
  expect((await put(body)).status).toBe(status)
})

test('I3: by card and by other means at once: paid once', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, () => placed(shop, product)))
  await Promise.all(
    ids.map(async (id, index) => {
      const link = await paymentOf(shop, id)
      const [card, other] = await Promise.all([
        after(index % 5, () => shop.call('POST', `/payments/process/${link}`, sampleCard)),
        put({ order_id: id, is_paid: true }),
      ])
      expect([card.status, other.status]).toEqual([200, 200])
    }),
  )
  await drained(shop)
  const told = await shop.database.query(
    `select key from payments.log where type = 'PaymentProcessed' group by key having count(*) > 1`,
  )
  expect(told).toEqual([])
})

test('at the end, all invariants hold', async () => {
  await drained(shop)
  expect(await violations(shop.database)).toEqual([])
})
