import { describe, expect, it } from 'vitest'
import { problemOf } from '../../kit/problem.ts'
import { type Line, userOnHold } from '../../kit/shop.ts'
import { withStore } from '../../kit/suite.ts'
import { until } from '../../kit/wait.ts'

const store = withStore()
const path = '/saga-api/saga/order'
const keyboard: readonly Line[] = [{ product_id: 2, quantity: 1 }]
const place = (items: readonly Line[], user_id = 1, headers: Record<string, string> = {}) =>
  store.shop.post(path, { user_id, items }, headers)

interface Saga {
  readonly status: string
  readonly style: string
  readonly order_id: number
  readonly awaited: unknown
  readonly steps: readonly { readonly step: string; readonly status: string }[]
  readonly journal: readonly { readonly message: string }[]
}
const sagaOf = async (id: string) => (await store.shop.get(`/saga-api/sagas/${id}`)).json<Saga>()
/** The orders that `work` leaves, by their list: it lags, so an order before and one after enclose them. */
async function leftBy(work: () => Promise<void>): Promise<number[]> {
  const placed = async () => (await place(keyboard)).json<{ order_id: number }>().order_id
  const before = await placed()
  await work()
  const after = await placed()
  return until(`order ${after} in the list`, async () => {
    const { items } = (await store.shop.get('/store-api/orders?limit=10')).json<{ items: { order_id: number }[] }>()
    const ids = items.map(({ order_id }) => order_id)
    return ids.includes(after) && ids.includes(before) && ids.filter((id) => id > before && id < after)
  })
}

describe('POST /saga/order', () => {
  it('answers at the end: the stock is down, the link is there, and it can be paid', async () => {
    const product_id = await store.shop.product({ stock: 100 })
    for (let left = 97; left > 67; left -= 3) {
      const answer = await place([{ product_id, quantity: 3 }])
      expect([answer.status, answer.json()], answer.text).toEqual([
        200,
        { order_id: expect.any(Number), status: 'OK', saga_id: expect.any(String) },
      ])
      const { order_id, saga_id } = answer.json<{ order_id: number; saga_id: string }>()
      expect(await store.shop.stock(product_id)).toBe(left)
      const order = await store.shop.order(order_id)
      expect(order).toMatchObject({ status: 'PLACED', saga_id, total_amount: 30 })
      expect(order.payment_link).toMatch(/^http.*\/\d+$/)
      expect((await store.shop.pay(order)).json()).toMatchObject({ order_id, is_paid: true })
    }
  })

  it('I1, I2: many at once for the last pieces: as many as there are, and nothing is left undone', async () => {
    const product_id = await store.shop.product({ stock: 8 })
    const answers = await Promise.all(Array.from({ length: 12 }, () => place([{ product_id, quantity: 2 }])))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(4).fill(200), ...Array(8).fill(409)])
    expect(await store.shop.stock(product_id)).toBe(0)
  })

  it.each([
    ['out_of_stock', 1, 6, ['OrderCreated', 'StockDecreaseFailed', 'OrderCancelled']],
    ['over_ceiling', 1, 5, ['OrderCreated', 'StockDecreased', 'PaymentCreationFailed', 'StockIncreased', 'OrderCancelled']],
    ['on_hold', userOnHold, 1, ['OrderCreated', 'StockDecreased', 'PaymentCreationFailed', 'StockIncreased', 'OrderCancelled']],
  ] as const)('I19: %s is 409 when everything is undone', async (reason, user, quantity, messages) => {
    const product_id = await store.shop.product({ price: 3_000_000, stock: 5 })
    const answer = await place([{ product_id, quantity }], user)
    expect(problemOf(answer)).toEqual([409, reason])
    const body = answer.json<{ order_id: number; saga_id: string }>()
    expect(body).toMatchObject({ order_id: expect.any(Number), state: 'CANCELLED', reason })
    expect(await store.shop.stock(product_id)).toBe(5)
    expect(await store.shop.order(body.order_id)).toMatchObject({ status: 'CANCELLED', reason, payment_link: '' })
    const saga = await sagaOf(body.saga_id)
    expect(saga).toMatchObject({ style: 'http', status: 'cancelled', order_id: body.order_id, awaited: null })
    expect(saga.journal.map(({ message }) => message)).toEqual(messages)
  })

  it.each([
    [[{ product_id: 9_999, quantity: 1 }], 1, [422, 'unknown_product', '/items/0/product_id']],
    [[...keyboard, ...keyboard, { product_id: 9_999, quantity: 1 }], 1, [422, 'unknown_product', '/items/2/product_id']],
    [keyboard, 9_999, [422, 'unknown_user', '/user_id']],
    [keyboard, 2 ** 31, [422, 'range', '/user_id']],
    [[{ product_id: 2, quantity: 0 }], 1, [422, 'range', '/items/0/quantity']],
    [[], 1, [422, 'min_items', '/items']],
    [[{ product_id: '2', quantity: 1 }], 1, [400, 'type', '/items/0/product_id']],
  ])('I16: %j of user %i is refused as POST /orders does, and no order is left', async (items, user_id, problem) => {
    const left = await leftBy(async () => {
      const answers = [await place(items as Line[], user_id), await store.shop.post('/store-api/orders', { user_id, items })]
      for (const answer of answers) expect(problemOf(answer)).toEqual(problem)
    })
    expect(left).toEqual([])
  })

  it('row 22: a total that overflows is refused', async () => {
    const product_id = await store.shop.product({ price: 1_000_000_000, stock: 1 })
    expect(problemOf(await place([{ product_id, quantity: 1_000_000 }]))).toEqual([422, 'total_too_large', '/items/0/quantity'])
  })
})

describe('Prefer: respond-async', () => {
  it('is 202 at once, with the place of the saga, which runs over messages', async () => {
    const answer = await place(keyboard, 1, { prefer: 'respond-async' })
    const { saga_id } = answer.json<{ saga_id: string }>()
    expect([answer.status, answer.json()]).toEqual([202, { saga_id: expect.any(String), status: 'PENDING' }])
    expect(answer.headers.get('preference-applied')).toBe('respond-async')
    const location = answer.headers.get('location')
    expect(location).toBe(`/saga-api/sagas/${saga_id}`)
    const saga = await until('the end', async () => {
      const seen = (await store.shop.get(location ?? '')).json<Saga>()
      return seen.status !== 'running' && seen
    })
    expect(saga).toMatchObject({ status: 'completed', style: 'messages', awaited: null })
    expect(await store.shop.orderAtRest(saga.order_id)).toMatchObject({ status: 'PLACED', saga_id })
  })

  it('I19: an order that fails is undone over messages, too', async () => {
    const product_id = await store.shop.product({ stock: 5 })
    const answer = await place([{ product_id, quantity: 5 }], userOnHold, { prefer: 'respond-async' })
    const { saga_id } = answer.json<{ saga_id: string }>()
    const { order_id } = await until('the end', async () => {
      const saga = await sagaOf(saga_id)
      return saga.status === 'cancelled' && saga
    })
    expect(await store.shop.orderAtRest(order_id)).toMatchObject({ status: 'CANCELLED', reason: 'on_hold' })
    expect(await store.shop.stock(product_id)).toBe(5)
  })
})

describe('Idempotency-Key of POST /saga/order', () => {
  it.each([
    ['an order that stands', keyboard, 1, 200],
    ['an order that failed', [{ product_id: 3, quantity: 3 }], 1, 409],
  ])('row 49, I14: again after the first, %s: the same answer, and no second order', async (name, items, user, status) => {
    const first = await place(items, user, { 'idempotency-key': name })
    const left = await leftBy(async () => {
      const again = await place(items, user, { 'idempotency-key': name })
      expect([first.status, again.status, again.text]).toEqual([status, status, first.text])
    })
    expect(left).toEqual([])
  })

  it('says that an answer comes again', async () => {
    const headers = { 'idempotency-key': 'replayed' }
    const answers = [await place(keyboard, 1, headers), await place(keyboard, 1, headers)]
    expect(answers.map((answer) => answer.headers.get('idempotency-replayed'))).toEqual([null, 'true'])
  })

  it('row 49, F43: many at once are one order; all hear of it, or are asked to try again', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => place(keyboard, 1, { 'idempotency-key': 'burst' })))
    const ended = answers.filter(({ status }) => status === 200)
    const open = answers.filter(({ status }) => status === 409)
    expect([ended.length > 0, ended.length + open.length]).toEqual([true, 8])
    expect(new Set(ended.map(({ text }) => text)).size).toBe(1)
    for (const answer of open) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('row 49: first with respond-async, then without: the end of the same saga', async () => {
    const headers = { 'idempotency-key': 'both ways' }
    const { saga_id } = (await place(keyboard, 1, { ...headers, prefer: 'respond-async' })).json<{ saga_id: string }>()
    const answer = await place(keyboard, 1, headers)
    expect([answer.status, answer.json()]).toEqual([200, { order_id: expect.any(Number), status: 'OK', saga_id }])
  })

  it('row 50: with another body it is refused', async () => {
    expect((await place(keyboard, 1, { 'idempotency-key': 'used' })).status).toBe(200)
    expect(problemOf(await place(keyboard, 2, { 'idempotency-key': 'used' }))).toEqual([422, 'idempotency_key_reused'])
  })

  it('row 50: refused input leaves no key', async () => {
    expect((await place(keyboard, 999, { 'idempotency-key': 'refused' })).status).toBe(422)
    expect((await place(keyboard, 1, { 'idempotency-key': 'refused' })).status).toBe(200)
  })
})

describe('GET /saga-api/sagas', () => {
  it('lists the sagas of both homes in all styles, newest first, each once', async () => {
    await store.shop.placed(keyboard)
    await place(keyboard)
    await place(keyboard, 1, { prefer: 'respond-async' })
    type Page = { items: (Saga & { saga_id: string })[]; next: string | null }
    const page = async (query: string) => (await store.shop.get(`/saga-api/sagas${query}`)).json<Page>()
    const { items } = await page('?limit=200')
    expect(items.slice(0, 3).map(({ style }) => style)).toEqual(['messages', 'http', 'choreographed'])
    const seen: string[] = []
    for (let next: string | null | undefined; next !== null; ) {
      const found: Page = await page(`?limit=3${next === undefined ? '' : `&cursor=${next}`}`)
      seen.push(...found.items.map(({ saga_id }) => saga_id))
      next = found.next
    }
    expect(seen).toEqual(items.map(({ saga_id }) => saga_id))
    expect(seen).toEqual([...new Set(seen)].sort().reverse())
  })
})
