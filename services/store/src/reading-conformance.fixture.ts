import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../packages/runtime/src/testing/eventually.ts'
import type { OrderStatus } from './orders/order.ts'
import { ordersShown, writtenOrder } from './orders/queries.ts'
import { type OrderAnswer, orderAnswer } from './orders/schemas.ts'
import { Rebuilds } from './read-model.ts'
import { ReadingLoad } from './reading-load.fixture.ts'
import { type Counter, linkTo, type ReadingShop } from './reading-shop.fixture.ts'
import { stockShown } from './stock/queries.ts'

/** Where an instance reads orders and stock by id first, and what may happen there. */
export interface ReadingFeatures {
  /** How many statements it sends to the database for ids that it finds there. */
  readonly statements: 0 | 1
  /** Brings a level there once more, as a projection would that was held up with it. */
  bringLate(shop: ReadingShop, product: number): Promise<unknown>
  /** Loses everything there, behind the back of all; absent where it cannot be lost. */
  lose?(): Promise<unknown>
}

const everyStatus = ['PENDING', 'PLACED', 'PAID', 'CANCELLING', 'CANCELLED', 'EXPIRED', 'NEEDS_ATTENTION'] as const
const reasonOf = (status: OrderStatus) => (status === 'CANCELLED' ? 'out_of_stock' : status === 'EXPIRED' ? 'not "paid" é' : null)

/**
 * What whoever asks for orders and stock by id may rely on, wherever the instances read them first.
 *
 * @param open a shop with a database of its own
 */
export function readingConformance(name: string, open: () => Promise<ReadingShop>, features: ReadingFeatures): void {
  describe(`orders and stock by id: ${name}`, () => {
    let shop: ReadingShop
    let counter: Counter
    let other: Counter
    beforeAll(async () => {
      shop = await open()
      counter = await shop.counter()
      other = await shop.counter()
    })
    afterAll(() => shop.close())

    const get = async (url: string, { app } = counter) => {
      const { statusCode, body, headers } = await app.inject(url)
      return { status: statusCode, body, etag: headers.etag, type: headers['content-type'] }
    }
    const json = async (url: string, at = counter) => JSON.parse((await get(url, at)).body)
    const send = (method: 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) =>
      counter.app.inject({ method, url, ...(payload && { payload }) })
    const ask = async (query: string, { app } = counter) =>
      (await app.inject({ method: 'POST', url: '/stocks/graphql-query', payload: { query } })).body
    const setLevel = async (product_id: number, quantity: number) =>
      expect((await send('POST', '/stocks', { product_id, quantity })).statusCode).toBe(201)
    const levelOf = async (product: number, at = counter) => (await json(`/stocks/${product}`, at)).quantity as number
    const statusOf = async (order: number, at = counter) => (await json(`/orders/${order}`, at)).status as OrderStatus
    const levelAtBoth = (product: number) => Promise.all([levelOf(product), levelOf(product, other)])
    const statusAtBoth = (order: number) => Promise.all([statusOf(order), statusOf(order, other)])

    let products = 0
    const newProduct = async (quantity: number): Promise<number> => {
      products += 1
      const sku = `reading-${products}`
      const { product_id } = (await send('POST', '/products', { name: `Né "${sku}"`, sku, price: 12.5 })).json()
      await setLevel(product_id, quantity)
      return product_id
    }
    const placed = async (status: OrderStatus, lines = 2): Promise<number> => {
      const id = await shop.place(lines)
      if (status !== 'PENDING') await shop.bring(id, status, reasonOf(status))
      return id
    }
    /** The order as whoever asks at the instance finds it, as soon as it has become so. */
    const becomes = async (id: number, status: OrderStatus) =>
      expect((await counter.waits.order(id, 5_000, (order) => order.status === status))?.status).toBe(status)
    /** Resolves when the instance finds it where it looks first. */
    const found = (look: (at: Counter) => Promise<unknown>, at = counter) =>
      eventually(async () => {
        const before = at.statements()
        await look(at)
        return at.statements() - before === features.statements
      })
    const inTables = async (product: number) => (await stockShown(shop.work, [product]))[0]?.quantity

    it('answers whole orders, each field of them in every state, and large ones', async () => {
      const orders = await Promise.all([
        ...everyStatus.map(async (status) => ({ id: await placed(status), status, lines: 2 })),
        placed('PLACED', 1_000).then((id) => ({ id, status: 'PLACED' as const, lines: 1_000 })),
      ])
      for (const { id, status, lines } of orders) {
        const url = `/orders/${id}`
        await found((at) => get(url, at))
        const written = await writtenOrder(shop.work, id)
        expect(await json(url)).toEqual({
          order_id: id,
          user_id: 1,
          total_amount: (lines * 1_999) / 100,
          items: Array.from({ length: lines }, (_, line) => ({ product_id: line + 1, quantity: 1, unit_price: 19.99 })),
          payment_link: status === 'PENDING' ? '' : linkTo(7_000 + id),
          is_paid: status === 'PAID',
          status,
          reason: reasonOf(status),
          saga_id: written?.saga_id,
          created_at: new Date(written?.created_at ?? 0).toISOString(),
        } satisfies Record<keyof typeof OrderAnswer.properties, unknown>)
      }
    })

    it('answers levels with their versions, several in the order asked, and what is not there as absent', async () => {
      const [none, low, high] = [await newProduct(0), await newProduct(3), await newProduct(2_147_483_647)]
      await setLevel(low, 4)
      const query = `{ a: stockLevel(productId: "${high}") b: product(id: "999999") { quantity } c: stockLevel(productId: "${low}")
        d: stockLevel(productId: "999999") e: product(id: "${none}") { quantity } f: stockLevel(productId: "${high}") }`
      for (const product of [none, low, high]) await found((at) => get(`/stocks/${product}`, at))
      expect(await ask(query)).toBe(
        '{"data":{"a":2147483647,"b":null,"c":4,"d":0,"e":{"quantity":0},"f":2147483647},"errors":null}',
      )
      const { status, body, etag } = await get(`/stocks/${low}`)
      const [written] = await shop.work.query<{ version: number }>('select version from store.stocks where product_id = $1', [
        low,
      ])
      expect([status, body, etag]).toEqual([200, `{"product_id":${low},"quantity":4}`, `"${written?.version}"`])
      const absent = [await get('/stocks/999999'), await get('/orders/999999')]
      expect(absent.map((answer) => [answer.status, JSON.parse(answer.body).type])).toEqual([
        [404, '/problems/unknown_stock'],
        [404, '/problems/unknown_order'],
      ])
    })

    it('answers as an instance with the tables alone, byte for byte', async () => {
      const plain = await shop.plain()
      const orders = await Promise.all([...everyStatus.map((status) => placed(status)), placed('PAID', 300)])
      const levels = [await newProduct(0), await newProduct(70)]
      const there = [...orders.map((id) => `/orders/${id}`), ...[3, ...levels].map((id) => `/stocks/${id}`)]
      for (const url of there) {
        await found((at) => get(url, at))
        expect(await get(url)).toEqual(await get(url, plain))
      }
      for (const url of ['/orders/999999', '/stocks/999999', '/orders/0', '/stocks/one', '/stocks/2147483648', '/orders?limit=9'])
        expect(await get(url)).toEqual(await get(url, plain))
      const [a, b] = levels
      const known = `{ a: stockLevel(productId: "${a}") b: product(id: "${b}") { name sku price quantity } }`
      const both = `{ a: stockLevel(productId: "${a}") b: stockLevel(productId: "${b}") }`
      await found((at) => ask(both, at))
      for (const query of [known, both, '{ stockLevel(productId: "999") }', '{ stockLevel(productId: "x") }'])
        expect(await ask(query)).toBe(await ask(query, plain))
    })

    it('I13: shows a write to whoever reads after its answer, at any instance', async () => {
      const [one, two] = [await newProduct(0), await newProduct(5)]
      for (let quantity = 1; quantity <= 20; quantity += 1) {
        await setLevel(one, quantity)
        expect(await levelAtBoth(one)).toEqual([quantity, quantity])
        const items = [one, two].map((product_id) => ({ product_id, quantity: 1 }))
        expect((await send('PUT', '/stocks', { items, operation: '+' })).statusCode).toBe(200)
        expect(await ask(`{ a: stockLevel(productId: "${one}") b: stockLevel(productId: "${two}") }`, other)).toBe(
          `{"data":{"a":${quantity + 1},"b":${quantity + 5}},"errors":null}`,
        )
      }
      const id = await shop.place()
      for (const status of ['PLACED', 'CANCELLING', 'CANCELLED'] as const) {
        await found((at) => get(`/orders/${id}`, at), other)
        await shop.bring(id, status)
        await becomes(id, status)
        expect(await statusAtBoth(id)).toEqual([status, status])
      }
    })

    it('I10, I13: shows nobody anything older than before, under load, whatever happens meanwhile', async () => {
      const load = new ReadingLoad(shop, [counter, other]).start()
      try {
        await load.progress()
        const again = await shop.standStill()
        await load.progress().finally(again)
        await load.progress()
        await new Rebuilds(shop.work.ports).rebuild()
        await load.progress()
        await features.lose?.()
        await load.progress()
      } finally {
        await load.stop()
      }
      expect(load.faults).toEqual([])
    })

    it('F33, I13: answers writes while the projection stands still, and shows them, then and when it goes on', async () => {
      const [product, untouched] = [await newProduct(5), await newProduct(6)]
      const id = await placed('PLACED')
      let late = 0
      for (const url of [`/stocks/${product}`, `/orders/${id}`])
        for (const at of [counter, other]) await found(() => get(url, at), at)
      const again = await shop.standStill()
      try {
        await setLevel(product, 50)
        expect(await levelAtBoth(product)).toEqual([50, 50])
        await shop.bring(id, 'CANCELLED')
        await becomes(id, 'CANCELLED')
        expect(await statusAtBoth(id)).toEqual(['CANCELLED', 'CANCELLED'])
        late = await shop.place()
        expect(await statusAtBoth(late)).toEqual(['PENDING', 'PENDING'])
        expect([await levelAtBoth(product), await levelAtBoth(untouched)]).toEqual([
          [50, 50],
          [6, 6],
        ])
      } finally {
        await again()
      }
      await eventually(async () => {
        expect([await levelAtBoth(product), await statusAtBoth(id)]).toEqual([
          [50, 50],
          ['CANCELLED', 'CANCELLED'],
        ])
        const orders = await ordersShown(shop.work, [id, late])
        return (await inTables(product)) === 50 && orders.get(id)?.status === 'CANCELLED' && orders.has(late)
      })
      for (const url of [`/stocks/${product}`, `/orders/${id}`]) await found((at) => get(url, at))
      expect([await levelOf(product), await statusOf(id)]).toEqual([50, 'CANCELLED'])
    })

    /** What the write side holds of them, as it is answered. */
    const written = async (orders: readonly number[], levels: readonly number[]) => {
      const rows = await shop.work.query<object>(
        'select product_id, quantity::int as quantity from store.stocks where product_id = any($1::int[]) order by product_id',
        [levels],
      )
      const found = await Promise.all(orders.map((id) => writtenOrder(shop.work, id)))
      return [...found.map((order) => order && orderAnswer(order, linkTo)), ...rows]
    }

    it.each([
      ['I12: answers the same after a rebuild, which is what the write side holds', ''],
      [
        'I12: answers what the write side holds after a rebuild, whatever somebody has written into the tables of the read model',
        `update store_view.orders set status = 'PAID', version = version + 1000; delete from store_view.orders where order_id % 2 = 0;
         update store_view.stock set quantity = 999, version = version + 1000`,
      ],
    ])('%s', async (_what, spoil) => {
      const orders = await Promise.all(everyStatus.map((status) => placed(status)))
      const levels = [await newProduct(7), await newProduct(8)]
      const urls = [...orders.map((id) => `/orders/${id}`), ...levels.map((id) => `/stocks/${id}`)]
      for (const url of urls) await found((at) => get(url, at))
      const answers = (at = counter) => Promise.all(urls.map((url) => json(url, at)))
      const before = await answers()
      expect(before).toEqual(await written(orders, levels))
      await shop.work.ports.database.script(spoil)
      await new Rebuilds(shop.work.ports).rebuild()
      // What was spoilt may still be shown elsewhere for a moment, what was not never changes.
      if (spoil) await eventually(async () => JSON.stringify(await answers()) === JSON.stringify(before))
      for (const at of [counter, other]) expect(await answers(at)).toEqual(before)
      for (const url of urls) await found((at) => get(url, at))
      expect(await answers()).toEqual(before)
    })

    it('shows no level of a product that was deleted, and lets none in any more', async () => {
      const [gone, kept] = [await newProduct(0), await newProduct(1)]
      for (const at of [counter, other]) await found(() => get(`/stocks/${gone}`, at), at)
      expect((await send('DELETE', `/products/${gone}`)).statusCode).toBe(200)
      await eventually(async () => (await get(`/stocks/${gone}`)).status === 404 && (await inTables(gone)) === undefined)
      await features.bringLate(shop, gone)
      await setLevel(kept, 2)
      // It goes on where it was, so what was brought would be shown.
      for (const at of [counter, other]) {
        await found(() => get(`/stocks/${kept}`, at), at)
        expect((await get(`/stocks/${gone}`, at)).status).toBe(404)
      }
    })

    it.runIf(features.lose)('F32: answers the same when everything is lost, and finds it there again', async () => {
      const [product, id] = [await newProduct(9), await placed('PAID')]
      const urls = [`/stocks/${product}`, `/orders/${id}`]
      const answers = () => Promise.all(urls.map((url) => get(url)))
      for (const url of urls) await found((at) => get(url, at))
      const before = await answers()
      for (let lost = 0; lost < 5; lost += 1) {
        await features.lose?.()
        expect(await answers()).toEqual(before)
        for (const url of urls) await found((at) => get(url, at))
        expect(await answers()).toEqual(before)
      }
    })
  })
}
