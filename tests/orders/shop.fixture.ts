import { createServer } from '@comptoir/http'
import { paymentsApi } from '@comptoir/payments'
import type { Database, Ports } from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import { ordersApi, placeOrderApi, productsApi, reportsApi, stockApi, usersApi } from '@comptoir/store'
import { Instance } from '../../apps/comptoir/src/instance.ts'
import { sampleCard } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { followHistory } from './invariants.fixture.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  // biome-ignore lint/suspicious/noExplicitAny: what a body holds is what the tests assert
  readonly body: any
}
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** Store and payments on a database in memory, with their HTTP APIs. */
export interface Shop {
  readonly database: Database
  readonly instance: Instance
  call(method: Method, url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  close(): Promise<void>
}

/** Opens a shop with the demo data. Its orders' histories are followed, for `violations`. */
export async function openShop(ports: Partial<Ports> = {}): Promise<Shop> {
  const database = await openPglite()
  const instance = await Instance.start(database, { seed: true, ports })
  await followHistory(database)
  const { store, payments, entry, waits, ceiling } = instance
  const app = createServer({ allowedHosts: 'loopback' })
  const linkTo = (payment: number) => `http://localhost/payments/process/${payment}`
  await app.register(usersApi(store))
  await app.register(productsApi(store))
  await app.register(stockApi(store, waits))
  await app.register(reportsApi(store))
  await app.register(placeOrderApi({ entry, waits, overloaded: () => undefined }))
  await app.register(ordersApi({ work: store, waits, linkTo, cursorSecret: Buffer.alloc(32, 7) }))
  const paid = async (order: number) => {
    await waits.order(order, 500, ({ status }) => status === 'PAID')
  }
  await app.register(paymentsApi({ work: payments, clock: instance.ports.clock, ceiling, paid }))
  return {
    database,
    instance,
    async call(method, url, body, headers = {}) {
      const type = body === undefined ? {} : { 'content-type': 'application/json' }
      const answer = await app.inject({
        method,
        url,
        headers: { ...type, ...headers },
        ...(body !== undefined && { payload: JSON.stringify(body) }),
      })
      return { status: answer.statusCode, headers: answer.headers, body: answer.body === '' ? undefined : answer.json() }
    },
    async close() {
      await app.close()
      await instance.stop()
      await database.close()
    },
  }
}

let named = 0

/** A product of its own with so much stock; answers its id. */
export async function newProduct(shop: Shop, quantity: number, price = 10): Promise<number> {
  named += 1
  const { body } = await shop.call('POST', '/products', { name: `Product ${named}`, sku: `SKU-${named}`, price })
  await shop.call('POST', '/stocks', { product_id: body.product_id, quantity })
  return body.product_id
}

/** A user of its own; answers the id. */
export async function newUser(shop: Shop): Promise<number> {
  named += 1
  const { body } = await shop.call('POST', '/users', { name: `User ${named}`, email: `user${named}@example.com` })
  return body.user_id
}

/** Places an order and waits for the end of its saga. */
export const place = (shop: Shop, user_id: number, items: readonly { product_id: number; quantity: number }[]): Promise<Answer> =>
  shop.call('POST', '/orders', { user_id, items }, { prefer: 'wait=30' })

/** Places an order that is expected to succeed; answers its id. */
export async function placed(shop: Shop, product_id: number, quantity = 1, user_id = 1): Promise<number> {
  const { body } = await place(shop, user_id, [{ product_id, quantity }])
  if (body.status !== 'PLACED') throw new Error(`not placed: ${JSON.stringify(body)}`)
  return body.order_id
}

export const order = async (shop: Shop, id: number) => (await shop.call('GET', `/orders/${id}`)).body
/** The stock as the shop shows it at this moment. */
export const stockShown = async (shop: Shop, product: number): Promise<number> =>
  (await shop.call('GET', `/stocks/${product}`)).body.quantity

/** The stock as the shop shows it when its read model has caught up with everything that was written before. */
export async function stockOf(shop: Shop, product: number): Promise<number> {
  await until('the read model has caught up', () => nothing(shop, unread('store', 'store', 'store.changes')))
  return stockShown(shop, product)
}

/** The id of an order's payment, as the link shows it. */
export const paymentOf = async (shop: Shop, id: number): Promise<number> =>
  Number(((await order(shop, id)).payment_link as string).split('/').at(-1))

/** Pays an order by card. */
export const pay = async (shop: Shop, id: number): Promise<Answer> =>
  shop.call('POST', `/payments/process/${await paymentOf(shop, id)}`, sampleCard)

/** Acts so many turns of the event loop later. */
export async function after<T>(turns: number, act: () => Promise<T>): Promise<T> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  return act()
}

/** Resolves when every saga has ended and every message and change was handled. */
export const drained = (shop: Shop): Promise<boolean> => until('all is done', () => nothing(shop, openWork))

async function nothing({ database }: Shop, condition: string): Promise<boolean> {
  const [row] = await database.query<{ open: boolean }>(`select ${condition} as open`)
  return row?.open === false
}
const unread = (reader: string, source: string, consumer?: string) => `exists (
  select from ${reader}.position as p join ${source}.log as l on l.mailbox = p.consumer
  where p.source = '${source}' and (l.epoch, l.txid, l.pos) > (p.epoch, p.txid, p.pos)
    ${consumer === undefined ? '' : `and p.consumer = '${consumer}'`})`
const openWork = `exists (select from store.saga_open)
  or ${unread('store', 'store')} or ${unread('store', 'payments')}
  or ${unread('payments', 'store')} or ${unread('payments', 'payments')}`
