import { describe, expect, it } from 'vitest'
import { orderOf } from '../../kit/requests.ts'
import { sampleCard, userOnHold } from '../../kit/shop.ts'
import { withStore } from '../../kit/suite.ts'

const store = withStore()
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const keyboards = [{ product_id: 2, quantity: 2 }]

describe('POST /orders', () => {
  it('numbers from 1001, answers 201 with the place of the order, and its saga goes on', async () => {
    const answer = await store.shop.post('/store-api/orders', { user_id: 1, items: keyboards })
    expect([answer.status, answer.json(), answer.headers.get('location')]).toEqual([
      201,
      { order_id: 1001 },
      '/store-api/orders/1001',
    ])
    expect(await store.shop.orderAtRest(1001)).toEqual({
      order_id: 1001,
      user_id: 1,
      total_amount: 119,
      items: [{ product_id: 2, quantity: 2, unit_price: 59.5 }],
      payment_link: `${store.process.url}/payments-api/payments/process/1`,
      is_paid: false,
      status: 'PLACED',
      reason: null,
      saga_id: expect.stringMatching(uuid),
      created_at: expect.stringMatching(isoTime),
    })
    expect(await store.shop.stock(2)).toBe(498)
  })

  it('the order can be read at once, and has no link before its payment exists', async () => {
    const orders = await Promise.all(
      Array.from({ length: 20 }, async () => store.shop.order(await store.shop.accept([{ product_id: 1, quantity: 1 }]))),
    )
    for (const { status, payment_link } of orders) expect(payment_link === '').toBe(status === 'PENDING')
  })

  it('the alias of the old gateway is the same store', async () => {
    const answer = await store.shop.post('/store-manager-api/orders', { user_id: 1, items: keyboards })
    const { order_id } = answer.json<{ order_id: number }>()
    expect(answer.headers.get('location')).toBe(`/store-manager-api/orders/${order_id}`)
    expect((await store.shop.get(`/store-manager-api/orders/${order_id}`)).json()).toMatchObject({ order_id })
    expect(await store.shop.orderAtRest(order_id)).toMatchObject({ status: 'PLACED' })
  })

  it('a query in the URL does not get into the place of the order', async () => {
    const answer = await store.shop.post('/store-api/orders?source=mail', { user_id: 1, items: keyboards })
    expect(answer.headers.get('location')).toBe(`/store-api/orders/${answer.json<{ order_id: number }>().order_id}`)
  })

  it('row 18: a quantity of 1.0 is 1', async () => {
    expect((await store.shop.post('/store-api/orders', orderOf('1.0'))).status).toBe(201)
  })

  it('row 36: lines of one product are merged', async () => {
    const line = { product_id: 4, quantity: 1 }
    const { items, total_amount } = await store.shop.placed([line, { product_id: 2, quantity: 1 }, line])
    expect(items).toEqual([
      { product_id: 4, quantity: 2, unit_price: 299.75 },
      { product_id: 2, quantity: 1, unit_price: 59.5 },
    ])
    expect(total_amount).toBe(659)
  })

  it('row 35: an order of 1,000 products is placed', async () => {
    const ids = await Promise.all(Array.from({ length: 1_000 }, () => store.shop.product()))
    const items = ids.map((product_id) => ({ product_id, quantity: 1 }))
    expect((await store.shop.put('/store-api/stocks', { items, operation: '+' })).status).toBe(200)
    expect(await store.shop.placed(items)).toMatchObject({ status: 'PLACED', total_amount: 10_000 })
    expect(await store.shop.placed(items)).toMatchObject({ status: 'CANCELLED', reason: 'out_of_stock' })
  })

  it('row 39: too little stock is found by the saga: accepted, then CANCELLED with its reason', async () => {
    const answer = await store.shop.post('/store-api/orders', { user_id: 1, items: [{ product_id: 3, quantity: 3 }] })
    expect(answer.status).toBe(201)
    const order = await store.shop.orderAtRest(answer.json<{ order_id: number }>().order_id)
    expect(order).toMatchObject({ status: 'CANCELLED', reason: 'out_of_stock', payment_link: '', is_paid: false })
    expect(await store.shop.stock(3)).toBe(2)
  })

  it('an order of a user on hold is refused at payment, and the stock is back', async () => {
    const product_id = await store.shop.product({ stock: 5 })
    const order = await store.shop.placed([{ product_id, quantity: 5 }], userOnHold)
    expect(order).toMatchObject({ status: 'CANCELLED', reason: 'on_hold', payment_link: '' })
    expect(await store.shop.stock(product_id)).toBe(5)
  })

  it('an order above the ceiling is refused at payment, one at the ceiling is not', async () => {
    const product_id = await store.shop.product({ price: 10_000_000, stock: 5 })
    const cent = await store.shop.product({ price: 0.01, stock: 5 })
    expect(await store.shop.placed([{ product_id, quantity: 1 }])).toMatchObject({ status: 'PLACED' })
    const above = await store.shop.placed([
      { product_id, quantity: 1 },
      { product_id: cent, quantity: 1 },
    ])
    expect(above).toMatchObject({ status: 'CANCELLED', reason: 'over_ceiling', payment_link: '' })
    expect([await store.shop.stock(product_id), await store.shop.stock(cent)]).toEqual([4, 5])
  })
})

describe('Prefer: wait', () => {
  it('answers at the end of the saga, with the status', async () => {
    const good = await store.shop.post('/store-api/orders', { user_id: 1, items: keyboards }, { prefer: 'wait=10' })
    expect([good.status, good.json()]).toEqual([201, { order_id: expect.any(Number), status: 'PLACED', reason: null }])
    expect(good.headers.get('preference-applied')).toBe('wait=10')
    const bad = await store.shop.post('/store-api/orders', { user_id: userOnHold, items: keyboards }, { prefer: 'wait=10' })
    expect([bad.status, bad.json()]).toEqual([201, { order_id: expect.any(Number), status: 'CANCELLED', reason: 'on_hold' }])
  })

  it('of no time is 202, with the place of the order', async () => {
    const answer = await store.shop.post('/store-api/orders', { user_id: 1, items: keyboards }, { prefer: 'wait=0' })
    const { order_id } = answer.json<{ order_id: number }>()
    expect([answer.status, answer.headers.get('location')]).toEqual([202, `/store-api/orders/${order_id}`])
    expect(await store.shop.orderAtRest(order_id)).toMatchObject({ status: 'PLACED' })
  })

  it.each(['wait=x', 'wait=-1', 'handling=strict', ''])('%s is ignored', async (prefer) => {
    const answer = await store.shop.post('/store-api/orders', { user_id: 1, items: keyboards }, { prefer })
    expect([answer.status, Object.keys(answer.json())]).toEqual([201, ['order_id']])
  })
})

describe('GET /orders', () => {
  it('pages through all orders, newest first, each once', async () => {
    const expected = await store.shop.accept(keyboards)
    await store.shop.orderAtRest(expected)
    const seen: number[] = []
    for (let path: string | null = '/store-api/orders?limit=7'; path !== null; ) {
      const page: { items: { order_id: number }[]; next: string | null } = (await store.shop.get(path)).json()
      seen.push(...page.items.map(({ order_id }) => order_id))
      path = page.next === null ? null : `/store-api/orders?limit=7&cursor=${page.next}`
    }
    expect(seen).toEqual(Array.from({ length: expected - 1000 }, (_, index) => expected - index))
  })
})

describe('reports', () => {
  it('I12: an order that shows its link is in the reports that are read after it', async () => {
    const product_id = await store.shop.product({ price: 100_000, stock: 1_000 })
    const user_id = await store.shop.user()
    for (let sold = 40; sold <= 200; sold += 40) {
      await store.shop.orderAtRest(await store.shop.accept([{ product_id, quantity: 40 }], user_id))
      const spenders = await store.shop.get('/store-api/orders/reports/highest-spenders')
      expect(spenders.json()).toContainEqual({ user_id, total_expense: sold * 100_000 })
      const sellers = await store.shop.get('/store-api/orders/reports/best-sellers')
      expect(sellers.json()).toContainEqual({ product_id, quantity_sold: sold })
    }
  })

  it('are at most ten, the highest first, and forget an order that is cancelled', async () => {
    const product_id = await store.shop.product({ price: 500_000, stock: 20 })
    const user_id = await store.shop.user()
    const order = await store.shop.placed([{ product_id, quantity: 20 }], user_id)
    const totals = async () =>
      (await store.shop.get('/store-api/orders/reports/highest-spenders')).json<{ user_id: number; total_expense: number }[]>()
    const before = await totals()
    expect(before.length).toBeLessThanOrEqual(10)
    expect(before.map((line) => line.total_expense)).toEqual(before.map((line) => line.total_expense).sort((a, b) => b - a))
    expect(before).toContainEqual({ user_id, total_expense: 10_000_000 })
    expect((await store.shop.delete(`/store-api/orders/${order.order_id}`)).status).toBe(200)
    expect((await totals()).map((line) => line.user_id)).not.toContain(user_id)
  })

  it('count what is paid', async () => {
    const product_id = await store.shop.product({ price: 1, stock: 5_000 })
    const order = await store.shop.placed([{ product_id, quantity: 5_000 }])
    await store.shop.pay(order, sampleCard)
    const sellers = await store.shop.get('/store-api/orders/reports/best-sellers')
    expect(sellers.json<object[]>()[0]).toEqual({ product_id, quantity_sold: 5_000 })
  })
})
