import { expect, it, onTestFinished } from 'vitest'
import { startPostgres } from '../../scripts/servers/postgres.mjs'
import type { Answer } from '../kit/client.ts'
import { problemOf } from '../kit/problem.ts'
import { Shop } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { startInstance } from './instance.ts'

const line = [{ product_id: 1, quantity: 1 }]
const order = { user_id: 1, items: line }

const requests: Readonly<Record<string, (shop: Shop) => Promise<Answer>>> = {
  'an order': (shop) => shop.post('/store-api/orders', order),
  'an order with a key': (shop) => shop.post('/store-api/orders', order, { 'idempotency-key': 'gone' }),
  'an orchestrated order': (shop) => shop.post('/saga-api/saga/order', order),
  'a level': (shop) => shop.post('/store-api/stocks', { product_id: 2, quantity: 9 }),
  'a cancellation': (shop) => shop.delete('/store-api/orders/1001'),
  'a payment by other means': (shop) => shop.put('/store-api/orders', { order_id: 1001, is_paid: true }),
  'a payment': (shop) => shop.post('/payments-api/payments', { user_id: 1, order_id: 900, total_amount: 1 }),
  'a look at an order': (shop) => shop.get('/store-api/orders/1001'),
  'a look at a level': (shop) => shop.get('/store-api/stocks/1'),
  'a look at a product': (shop) => shop.get('/store-api/products/1'),
  'a report': (shop) => shop.get('/store-api/orders/reports/best-sellers'),
  'a look at the sagas': (shop) => shop.get('/saga-api/sagas'),
  'a query in GraphQL': (shop) => shop.post('/store-api/stocks/graphql-query', { query: '{ stockLevel(productId: "1") }' }),
  'the metrics': (shop) => shop.get('/metrics'),
}

it.each(['kill', 'clean'] as const)(
  'F23: while PostgreSQL is gone (%s) every request is answered with 503 and what to do, /readyz says why, and all goes on when it is back',
  async (how) => {
    const postgres = await startPostgres()
    onTestFinished(() => postgres.stop('kill'))
    const instance = await startInstance(postgres.url)
    onTestFinished(async () => void (await instance.kill()))
    const shop = new Shop(instance.url)
    const accepted = [(await shop.placed(line)).order_id, await shop.accept(line)]
    const level = await shop.stock(2)

    await postgres.stop(how)
    const ready = await until('it is not ready', async () => {
      const answer = await shop.get('/readyz')
      return answer.status === 503 && /ECONNREFUSED/.test(answer.text) && answer
    })
    expect(ready.headers.get('content-type')).toBe('application/problem+json')
    expect(ready.headers.get('retry-after')).toBe('1')
    expect(ready.json().detail).toMatch(/^Not ready: .*PostgreSQL cannot be reached: .+\. Try again in a moment\.$/)
    for (const [what, request] of Object.entries(requests)) {
      const answer = await request(shop)
      expect(problemOf(answer), what).toEqual([503, 'unavailable'])
      expect(answer.headers.get('retry-after'), what).toBe('1')
      expect(answer.json().detail, what).toBe('The database does not answer just now. Nothing was done: try again in a moment.')
    }
    expect((await shop.get('/livez')).status).toBe(200)

    await postgres.start()
    await until('it is ready again', async () => (await shop.get('/readyz')).json().status === 'ok')
    accepted.push((await shop.placed(line)).order_id)
    for (const id of accepted) expect((await shop.orderAtRest(id)).status).toBe('PLACED')
    expect(await shop.stock(2)).toBe(level)
    // The list may lag behind; what was answered with 503 has placed none.
    const listed = async () => (await shop.get('/store-api/orders')).json<{ items: unknown[] }>().items
    await until('the list shows them', async () => (await listed()).length >= accepted.length)
    expect(await listed()).toHaveLength(accepted.length)
    expect((await instance.stop()).code, instance.output()).toBe(0)
    expect(instance.output()).not.toContain('answered 500')
  },
  120_000,
)
