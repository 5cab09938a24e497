import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { foldedReadModel, shownReadModel, violations } from './invariants.fixture.ts'
import { after, drained, newProduct, newUser, openShop, order, paymentOf, place, type Shop, stockOf } from './shop.fixture.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
const ordersOf = (user: number) => shop.database.query<{ id: number }>('select id from store.orders where user_id = $1', [user])
const post = (body: unknown, headers?: Record<string, string>) => shop.call('POST', '/orders', body, headers)

test('an order is placed: lines, prices, total, stock, link', async () => {
  const product = await newProduct(shop, 10, 59.5)
  const { status, headers, body } = await place(shop, 1, [
    { product_id: product, quantity: 3 },
    { product_id: 2, quantity: 1 },
  ])
  expect({ status, body }).toEqual({ status: 201, body: { order_id: expect.any(Number), status: 'PLACED', reason: null } })
  expect(headers).toMatchObject({ location: `/orders/${body.order_id}`, 'preference-applied': 'wait=30' })
  expect(await order(shop, body.order_id)).toEqual({
    order_id: body.order_id,
    user_id: 1,
    total_amount: 238,
    items: [
      { product_id: product, quantity: 3, unit_price: 59.5 },
      { product_id: 2, quantity: 1, unit_price: 59.5 },
    ],
    payment_link: expect.stringMatching(/^http.*\/payments\/process\/\d+$/),
    is_paid: false,
    status: 'PLACED',
    reason: null,
    saga_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  })
  const payment = await shop.call('GET', `/payments/${await paymentOf(shop, body.order_id)}`)
  expect(payment.body).toMatchObject({ order_id: body.order_id, total_amount: 238, status: 'OPEN' })
  expect(await stockOf(shop, product)).toBe(7)
})

describe('what is refused leaves nothing', () => {
  const refusal = async (body: unknown) => {
    const before = await shop.database.query('select count(*) from store.orders')
    const answer = await post(body)
    expect(await shop.database.query('select count(*) from store.orders')).toEqual(before)
    const { errors } = answer.body as { errors: { pointer: string; code: string }[] }
    return [answer.status, errors[0]?.code, errors[0]?.pointer]
  }
  const items = [{ product_id: 1, quantity: 1 }]

  test('row 38: an unknown user', async () => {
    expect(await refusal({ user_id: 999, items })).toEqual([422, 'unknown_user', '/user_id'])
  })

  test('row 37: one known and one unknown product', async () => {
    const sent = { user_id: 1, items: [...items, { product_id: 999, quantity: 1 }] }
    expect(await refusal(sent)).toEqual([422, 'unknown_product', '/items/1/product_id'])
  })

  test('rows 36, 37: the pointer leads to the line that was sent, also when others were merged before it', async () => {
    const sent = {
      user_id: 1,
      items: [...items, ...items, ...items, { product_id: 999, quantity: 1 }, { product_id: 999, quantity: 2 }],
    }
    expect(await refusal(sent)).toEqual([422, 'unknown_product', '/items/3/product_id'])
  })

  test('row 37: a product that was deleted', async () => {
    const product = await newProduct(shop, 0)
    await shop.call('DELETE', `/products/${product}`)
    expect(await refusal({ user_id: 1, items: [{ product_id: product, quantity: 1 }] })).toEqual([
      422,
      'unknown_product',
      '/items/0/product_id',
    ])
  })

  test('row 22: a total that is too large, at the line with which it becomes so', async () => {
    const product = await newProduct(shop, 0, 1_000_000_000)
    const sent = { user_id: 1, items: [...items, ...items, { product_id: product, quantity: 1_000_000 }] }
    expect(await refusal(sent)).toEqual([422, 'total_too_large', '/items/2/quantity'])
  })

  test.each<[string, unknown, number]>([
    ['row 16: a quantity as text', { user_id: 1, items: [{ product_id: 1, quantity: '5' }] }, 400],
    ['row 17: a quantity of 0', { user_id: 1, items: [{ product_id: 1, quantity: 0 }] }, 422],
    [
      'row 17: a negative quantity beside a dear line',
      {
        user_id: 1,
        items: [
          { product_id: 1, quantity: 9 },
          { product_id: 3, quantity: -3 },
        ],
      },
      422,
    ],
    ['row 18: half a piece', { user_id: 1, items: [{ product_id: 1, quantity: 1.5 }] }, 400],
    ['row 19: a quantity above 1,000,000', { user_id: 1, items: [{ product_id: 1, quantity: 1_000_001 }] }, 422],
    ['row 35: no items', { user_id: 1 }, 400],
    ['row 35: an empty list of items', { user_id: 1, items: [] }, 422],
    ['row 35: 1,001 lines', { user_id: 1, items: many(1_001, () => ({ product_id: 1, quantity: 1 })) }, 422],
    ['row 40: a price', { user_id: 1, items: [{ product_id: 1, quantity: 1, price: 1 }] }, 400],
    ['row 40: a total', { user_id: 1, items, total_amount: 1 }, 400],
  ])('%s', async (_name, body, status) => {
    expect((await refusal(body))[0]).toBe(status)
  })
})

test('rows 19, 36: lines of one product are one line, however many they add up to', async () => {
  const product = await newProduct(shop, 2_000_000, 0.01)
  const lines = many(2, () => ({ product_id: product, quantity: 1_000_000 }))
  const { body } = await place(shop, 1, lines)
  expect(body).toMatchObject({ status: 'PLACED' })
  expect((await order(shop, body.order_id)).items).toEqual([{ product_id: product, quantity: 2_000_000, unit_price: 0.01 }])
  expect(await stockOf(shop, product)).toBe(0)
})

test('row 39: too little stock is found by the saga: 201 with the end, CANCELLED and why', async () => {
  const { status, body } = await place(shop, 1, [
    { product_id: 1, quantity: 1 },
    { product_id: 3, quantity: 3 },
  ])
  expect({ status, body }).toEqual({
    status: 201,
    body: { order_id: expect.any(Number), status: 'CANCELLED', reason: 'out_of_stock' },
  })
  expect([await stockOf(shop, 1), await stockOf(shop, 3)]).toEqual([1000, 2])
})

test('I19: an order that is refused at payment gets its stock back', async () => {
  const product = await newProduct(shop, 5)
  const { body } = await place(shop, 4, [{ product_id: product, quantity: 5 }])
  expect(body).toMatchObject({ status: 'CANCELLED', reason: 'on_hold' })
  expect(await stockOf(shop, product)).toBe(5)
})

test('Prefer: wait answers 202 with Location when the end is not there in time; a query string is no part of Location', async () => {
  const { status, headers, body } = await shop.call(
    'POST',
    '/orders?x=1',
    { user_id: 1, items: [{ product_id: 2, quantity: 1 }] },
    { prefer: 'wait=0' },
  )
  expect({ status, body }).toEqual({ status: 202, body: { order_id: expect.any(Number), status: 'PENDING' } })
  expect(headers).toMatchObject({ location: `/orders/${body.order_id}` })
})

test('F44, I2: 400 buyers, 100 units: exactly 100 get one', async () => {
  const product = await newProduct(shop, 100)
  const answers = await Promise.all(many(400, () => place(shop, 1, [{ product_id: product, quantity: 1 }])))
  const statuses = answers.map(({ body }) => body.status)
  expect(statuses.filter((status) => status === 'PLACED')).toHaveLength(100)
  expect(statuses.filter((status) => status === 'CANCELLED')).toHaveLength(300)
  expect(await stockOf(shop, product)).toBe(0)
})

test('the old fault: 10 orders of 2 at once for a product with 2', async () => {
  const product = await newProduct(shop, 2)
  const answers = await Promise.all(many(10, () => place(shop, 1, [{ product_id: product, quantity: 2 }])))
  expect(answers.filter(({ body }) => body.status === 'PLACED')).toHaveLength(1)
  expect(await stockOf(shop, product)).toBe(0)
})

test('row 44: first orders against deletions of their user or product: one of the two wins', async () => {
  const pairs = await Promise.all(many(20, async () => ({ user: await newUser(shop), product: await newProduct(shop, 0) })))
  const races = await Promise.all(
    pairs.map(async ({ user, product }, index) => {
      const [placing, deleting] = await Promise.all([
        post({ user_id: user, items: [{ product_id: product, quantity: 1 }] }),
        after(index, () => shop.call('DELETE', index % 2 === 0 ? `/users/${user}` : `/products/${product}`)),
      ])
      return [placing.status, deleting.status].join()
    }),
  )
  expect(new Set(races)).toEqual(new Set(['201,409', '422,200']))
})

describe('Idempotency-Key', () => {
  const key = (value: string) => ({ 'idempotency-key': value })
  const product = 2
  const body = (user_id: number, quantity = 1) => ({ user_id, items: [{ product_id: product, quantity }] })

  test('row 49: the same again is the same order, told as a replay', async () => {
    const user = await newUser(shop)
    const first = await post(body(user), key('again'))
    const second = await post({ items: body(user).items, user_id: user }, key('again'))
    expect([second.status, second.body]).toEqual([201, first.body])
    expect(second.headers).toMatchObject({ 'idempotency-replayed': 'true', location: first.headers.location })
    expect(first.headers).not.toHaveProperty('idempotency-replayed')
    expect(await ordersOf(user)).toHaveLength(1)
  })

  test('row 49: a replay that waits answers the end of the saga, one that does not the order', async () => {
    const user = await newUser(shop)
    const plain = await post(body(user), key('waits'))
    const waiting = await post(body(user), { ...key('waits'), prefer: 'wait=30' })
    expect(plain.body).toEqual({ order_id: waiting.body.order_id })
    expect(waiting).toMatchObject({ status: 201, body: { status: 'PLACED', reason: null } })
  })

  test('F43, row 49: during the first: 409 with Retry-After, and one order', async () => {
    const user = await newUser(shop)
    const answers = await Promise.all(many(8, () => post(body(user), key('during'))))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    for (const { status, headers, body } of answers.filter((answer) => answer.status !== 201)) {
      expect([status, body.type]).toEqual([409, '/problems/idempotency_key_open'])
      expect(headers['retry-after']).toBe('1')
    }
    expect(await ordersOf(user)).toHaveLength(1)
  })

  test('row 50: with another body: 422, and no second order', async () => {
    const user = await newUser(shop)
    await post(body(user), key('other body'))
    const other = await post(body(user, 2), key('other body'))
    expect([other.status, other.body.type]).toEqual([422, '/problems/idempotency_key_reused'])
    expect(await ordersOf(user)).toHaveLength(1)
  })

  test('a refused order leaves no key', async () => {
    const user = await newUser(shop)
    expect((await post(body(999), key('refused'))).status).toBe(422)
    expect((await post(body(user), key('refused'))).status).toBe(201)
  })

  test.each([
    ['empty', ''],
    ['256 characters', 'k'.repeat(256)],
    ['not ASCII', 'clé'],
    ['a control character', 'a\tb'],
  ])('row 51: %s: 400', async (_name, value) => {
    const user = await newUser(shop)
    expect((await post(body(user), key(value))).status).toBe(400)
    expect(await ordersOf(user)).toEqual([])
  })
})

test('at the end, all invariants hold and the read model is the fold of the write side', async () => {
  await drained(shop)
  expect(await violations(shop.database)).toEqual([])
  expect(await shownReadModel(shop.database)).toEqual(await foldedReadModel(shop.database))
})
