import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleCard } from '../kit/shop.ts'
import { type Fault, refuseRows } from './fault.fixture.ts'
import { foldedReadModel, shownReadModel } from './invariants.fixture.ts'
import { drained, newProduct, openShop, order, paymentOf, place, placed, type Shop, stockShown } from './shop.fixture.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

test('I13: whoever reads an order or a level again never sees it older, under load', async () => {
  const product = await newProduct(shop, 1_000_000)
  let placing = true
  const load = Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let count = 0; count < 40; count += 1) await place(shop, 1, [{ product_id: product, quantity: 1 }])
    }),
  ).finally(() => {
    placing = false
  })
  const stages = ['PENDING', 'PLACED', 'CANCELLING', 'CANCELLED']
  let reads = 0
  const readers = Array.from({ length: 4 }, async () => {
    while (placing) {
      const { body } = await shop.call('POST', '/orders', { user_id: 1, items: [{ product_id: product, quantity: 1 }] })
      let stage = 0
      let cancelling: Promise<unknown> | undefined
      while (stages[stage] !== 'CANCELLED') {
        const now = stages.indexOf((await order(shop, body.order_id)).status)
        expect(now).toBeGreaterThanOrEqual(stage)
        stage = now
        reads += 1
        if (stages[stage] === 'PLACED') cancelling ??= shop.call('DELETE', `/orders/${body.order_id}`)
      }
      await cancelling
    }
  })
  const levels = (async () => {
    // Nothing but this order takes from this product: its level only goes down.
    const scarce = await newProduct(shop, 100)
    let level = 100
    const taking = Promise.all(Array.from({ length: 100 }, () => place(shop, 2, [{ product_id: scarce, quantity: 1 }])))
    while (level > 0) {
      const now = await stockShown(shop, scarce)
      expect(now).toBeLessThanOrEqual(level)
      level = now
    }
    await taking
  })()
  await Promise.all([load, levels, ...readers])
  expect(reads).toBeGreaterThan(100)
})

test('a level that is gone is not waited for, one that the read model is behind with is', async () => {
  const [gone, kept] = [await newProduct(shop, 0), await newProduct(shop, 5)]
  await shop.call('DELETE', `/products/${gone}`)
  await drained(shop)
  const { waits } = shop.instance
  const ended: string[] = []
  await Promise.all([
    waits.reached('stock', [{ id: kept, version: 1_000 }]).then(() => ended.push('behind')),
    waits.reached('stock', [{ id: gone, version: 1_000 }]).then(() => ended.push('gone')),
  ])
  expect(ended).toEqual(['gone', 'behind'])
  const dropped = await shop.database.query('select 1 from store_view.stock where product_id = $1', [kept])
  expect([dropped, await stockShown(shop, kept)]).toEqual([[], 5])
  // The next change brings it back.
  await shop.call('POST', '/stocks', { product_id: kept, quantity: 6 })
  await drained(shop)
  expect(await shownReadModel(shop.database)).toEqual(await foldedReadModel(shop.database))
})

/** The read model stands still: whatever is projected to it is refused. */
async function stillReadModel(): Promise<Fault> {
  const faults = [
    await refuseRows(shop.database, 'insert or update', 'store_view.stock'),
    await refuseRows(shop.database, 'insert or update', 'store_view.orders'),
  ]
  return {
    async heal() {
      for (const fault of faults) await fault.heal()
    },
  }
}

test('F33: while the read model stands still, writes are read back from the write side, and it catches up afterwards', async () => {
  const product = await newProduct(shop, 10)
  const [paying, cancelling, pair] = [await placed(shop, product), await placed(shop, product), await newProduct(shop, 7)]
  const link = await paymentOf(shop, paying)
  const still = await stillReadModel()

  expect((await shop.call('POST', '/stocks', { product_id: product, quantity: 50 })).body).toEqual({ result: 'rows updated: 1' })
  expect(await stockShown(shop, product)).toBe(50)
  const added = {
    items: [
      { product_id: product, quantity: 1 },
      { product_id: pair, quantity: 1 },
    ],
    operation: '+',
  }
  expect((await shop.call('PUT', '/stocks', added)).status).toBe(200)
  expect([await stockShown(shop, product), await stockShown(shop, pair)]).toEqual([51, 8])
  const overview = (await shop.call('GET', '/stocks/reports/overview-stocks')).body as { 'Unités en stock': number }[]
  expect(overview.slice(-2).map((line) => line['Unités en stock'])).toEqual([51, 8])

  const { status, body } = await place(shop, 1, [{ product_id: product, quantity: 1 }])
  expect([status, body.status]).toEqual([201, 'PLACED'])
  expect(await order(shop, body.order_id)).toMatchObject({ status: 'PLACED', payment_link: expect.stringMatching(/\d$/) })
  expect((await shop.call('POST', `/payments/process/${link}`, sampleCard)).status).toBe(200)
  expect((await order(shop, paying)).status).toBe('PAID')
  expect((await shop.call('DELETE', `/orders/${cancelling}`)).status).toBe(200)
  expect((await order(shop, cancelling)).status).toBe('CANCELLED')
  expect(shop.instance.troubles).not.toEqual([])

  await still.heal()
  await drained(shop)
  expect(await shownReadModel(shop.database)).toEqual(await foldedReadModel(shop.database))
  expect(shop.instance.troubles).toEqual([])
})
