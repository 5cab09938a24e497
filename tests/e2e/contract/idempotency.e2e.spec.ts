import { describe, expect, it } from 'vitest'
import { exchange, head } from '../../kit/raw-http.ts'
import { withStore } from '../../kit/suite.ts'
import { until } from '../../kit/wait.ts'

const store = withStore()
const order = { user_id: 1, items: [{ product_id: 2, quantity: 1 }] }
const place = (key: string | undefined, body: object = order, headers: Record<string, string> = {}) =>
  store.shop.post('/store-api/orders', body, { ...headers, ...(key === undefined ? {} : { 'idempotency-key': key }) })
/** The newest order of the list as soon as it shows that one: it lags behind. */
const newestFrom = (order: number) =>
  until(`order ${order} in the list`, async () => {
    const { items } = (await store.shop.get('/store-api/orders?limit=10')).json<{ items: { order_id: number }[] }>()
    return items.some(({ order_id }) => order_id === order) && items[0]?.order_id
  })

describe('Idempotency-Key of orders', () => {
  it('row 48: without one each request is an order', async () => {
    const [first, second] = [await place(undefined), await place(undefined)]
    expect([first.status, second.status]).toEqual([201, 201])
    expect(first.text).not.toBe(second.text)
  })

  it('row 49: again after the first: the stored answer, and no second order', async () => {
    const first = await place('again')
    const { order_id } = first.json<{ order_id: number }>()
    await store.shop.orderAtRest(order_id)
    const again = await place('again')
    expect([again.status, again.text, again.headers.get('location')]).toEqual([201, first.text, first.headers.get('location')])
    expect([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([null, 'true'])
    expect(await newestFrom(order_id)).toBe(order_id)
  })

  it('row 49: blanks and the order of fields make no other request', async () => {
    const first = await place('fields')
    const again = await store.shop.post(
      '/store-api/orders',
      '{ "items": [ { "quantity": 1, "product_id": 2 } ], "user_id": 1 }',
      {
        'idempotency-key': 'fields',
      },
    )
    expect([again.status, again.text]).toEqual([201, first.text])
  })

  it('row 49: the answer is right with and without Prefer', async () => {
    const first = await place('prefer')
    const { order_id } = first.json<{ order_id: number }>()
    const waited = await place('prefer', order, { prefer: 'wait=10' })
    expect([waited.status, waited.json()]).toEqual([201, { order_id, status: 'PLACED', reason: null }])
    expect((await place('prefer')).text).toBe(first.text)
  })

  it('row 49, F43: many at once are one order; who comes during the first is asked to try again', async () => {
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => place(`burst ${round}`)))
      const taken = answers.filter(({ status }) => status === 201)
      const open = answers.filter(({ status }) => status === 409)
      expect(taken.length + open.length).toBe(8)
      expect(new Set(taken.map(({ text }) => text)).size).toBe(1)
      for (const answer of open) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      const { order_id } = taken[0]?.json<{ order_id: number }>() ?? { order_id: 0 }
      await store.shop.orderAtRest(order_id)
      expect(await newestFrom(order_id)).toBe(order_id)
    }
  })

  it('row 50: refused input leaves no key', async () => {
    expect((await place('refused', { ...order, user_id: 999 })).status).toBe(422)
    expect((await place('refused', { ...order, user_id: '1' })).status).toBe(400)
    expect((await place('refused')).status).toBe(201)
  })

  it('row 51: a key of 255 characters is one', async () => {
    const key = 'k'.repeat(255)
    expect((await place(key)).text).toBe((await place(key)).text)
  })

  it('F43: who leaves without an answer asks again with the key, and has one order', async () => {
    // The list shows an order when it has been projected: those of the tests before may not have been.
    let before = (await place('before leaving')).json<{ order_id: number }>().order_id
    await store.shop.orderAtRest(before)
    for (let round = 0; round < 10; round += 1) {
      const key = `leaving ${round}`
      const body = JSON.stringify(order)
      const headers = `Content-Type: application/json\r\nIdempotency-Key: ${key}\r\nContent-Length: ${body.length}\r\n`
      await exchange(store.process.url, head('POST', '/store-api/orders', headers) + body, (socket) => socket.destroySoon())
      const answer = await until('an answer that is not "in a moment"', async () => {
        const again = await place(key)
        return again.status !== 409 && again
      })
      const { order_id } = answer.json<{ order_id: number }>()
      expect(order_id).toBe(before + 1)
      await store.shop.orderAtRest(order_id)
      expect(await newestFrom(order_id)).toBe(order_id)
      before = order_id
    }
  })
})

describe('Idempotency-Key of payments', () => {
  const body = { user_id: 1, order_id: 601, total_amount: 5 }

  it('row 49: the stored answer comes again', async () => {
    const first = await store.shop.post('/payments-api/payments', body, { 'idempotency-key': 'payment' })
    const again = await store.shop.post('/payments-api/payments', body, { 'idempotency-key': 'payment' })
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text])
    expect(again.headers.get('idempotency-replayed')).toBe('true')
  })

  it('row 50, I14: keys are of one route: the same key places an order, too', async () => {
    await store.shop.post('/payments-api/payments', { ...body, order_id: 602 }, { 'idempotency-key': 'both' })
    expect((await place('both')).status).toBe(201)
  })
})
