import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Instance } from '../../apps/comptoir/src/instance.ts'
import { until } from '../kit/wait.ts'
import { foldedReadModel, shownReadModel } from './invariants.fixture.ts'
import { drained, newProduct, openShop, order, pay, place, placed, type Shop, stockShown } from './shop.fixture.ts'

let shop: Shop
let product: number
beforeAll(async () => {
  shop = await openShop()
  product = await newProduct(shop, 1_000_000)
  await pastOrders(2_000)
})
afterAll(() => shop.close())

/** Orders that ended long ago, of which the read model knows nothing: a rebuild needs several pieces for them. */
async function pastOrders(count: number): Promise<void> {
  await shop.database.script(`
    with placed as (
      insert into store.orders (saga_id, user_id, total, status, payment_id, version)
      select gen_random_uuid(), 1 + n % 3, 2000, case n % 4 when 0 then 'CANCELLED' when 1 then 'PAID' else 'PLACED' end, 1000000 + n, 3
      from generate_series(1, ${count}) as n returning id
    ) insert into store.order_items (order_id, line, product_id, quantity, unit_price)
    select id, line, line, 1, 1000 from placed, generate_series(1, 2) as line`)
}

const expectFold = async () => {
  await drained(shop)
  expect(await shownReadModel(shop.database)).toEqual(await foldedReadModel(shop.database))
}
const schemas = async () =>
  (
    await shop.database.query<{ name: string }>(
      `select nspname as name from pg_namespace where nspname like 'store_view%' order by 1`,
    )
  ).map((row) => row.name)
const total = async () =>
  (await shop.database.query<{ count: number }>('select count(*)::int as count from store.orders'))[0]?.count

test('I12: a rebuild makes the read model from the write tables and says from how many orders', async () => {
  expect((await shownReadModel(shop.database)).orders).toHaveLength(0)
  expect(await shop.instance.rebuild()).toBe(await total())
  expect(await schemas()).toEqual(['store_view'])
  await expectFold()
})

test('I12: it repairs what was corrupted by hand', async () => {
  await shop.database.script(`
    update store_view.orders set status = 'CANCELLED', version = version + 10 where order_id % 7 = 0;
    delete from store_view.orders where order_id % 11 = 0;
    insert into store_view.orders select order_id + 1000000, saga_id, user_id, total, items, payment_id, status, reason, created_at, version
      from store_view.orders limit 5;
    update store_view.stock set quantity = 3, version = 1000 where product_id = ${product};
    delete from store_view.counted where order_id % 3 = 0;
    update store_view.spending set total = total + 1;
    delete from store_view.sold;`)
  await shop.instance.rebuild()
  await expectFold()
})

test('I12, I13: under load the answers stay right, nothing is lost, and at the end the read model is the fold', async () => {
  let rebuilding = true
  let placedMeanwhile = 0
  let readsMeanwhile = 0
  const { body: mine } = await place(shop, 1, [{ product_id: product, quantity: 1 }])
  const work = Array.from({ length: 6 }, async (_, worker) => {
    while (rebuilding) {
      const id = await placed(shop, product)
      expect((await order(shop, id)).status).toBe('PLACED')
      if (worker % 3 === 0) {
        await pay(shop, id)
        // The store hears of it by an event, which a busy machine may need longer for than the answer waits (500 ms).
        await until(`order ${id} is PAID`, async () => (await order(shop, id)).status === 'PAID')
      }
      if (worker % 3 === 1) {
        await shop.call('DELETE', `/orders/${id}`)
        expect((await order(shop, id)).status).toBe('CANCELLED')
      }
      if (rebuilding) placedMeanwhile += 1
    }
  })
  const stock = (async () => {
    const own = await newProduct(shop, 0)
    for (let quantity = 1; rebuilding; quantity += 1) {
      const deleted = await newProduct(shop, 0)
      await shop.call('POST', '/stocks', { product_id: own, quantity })
      expect(await stockShown(shop, own)).toBe(quantity)
      await shop.call('DELETE', `/products/${deleted}`)
    }
  })()
  const reading = (async () => {
    while (rebuilding) {
      expect((await order(shop, mine.order_id)).status).toBe('PLACED')
      const { body } = await shop.call('GET', '/orders/reports/best-sellers')
      // Products 1 and 2 were in every past order; what is counted now only adds.
      expect(body.find((line: { product_id: number }) => line.product_id === 1)?.quantity_sold).toBe(1_500)
      readsMeanwhile += 1
    }
  })()
  while (placedMeanwhile < 30) await shop.instance.rebuild()
  rebuilding = false
  await Promise.all([...work, stock, reading])
  expect(readsMeanwhile).toBeGreaterThan(10)
  await expectFold()
})

test('two at once are one', async () => {
  const [first, second] = await Promise.all([shop.instance.rebuild(), shop.instance.rebuild()])
  expect(first).toBe(second)
  expect(await schemas()).toEqual(['store_view'])
})

test('one that fails leaves the read model as it was, and the next one succeeds', async () => {
  const before = await shownReadModel(shop.database)
  // An order without lines, after all others: the last piece fails.
  const [row] = await shop.database.query<{ id: number }>(
    `insert into store.orders (saga_id, user_id, total, status) values (gen_random_uuid(), 1, 1, 'PLACED') returning id`,
  )
  await expect(shop.instance.rebuild()).rejects.toThrow('null value')
  expect(await schemas()).toEqual(['store_view'])
  expect(await shownReadModel(shop.database)).toEqual(before)
  await shop.database.query('delete from store.orders where id = $1', [row?.id ?? 0])
  const id = await placed(shop, product)
  await shop.instance.rebuild()
  expect((await order(shop, id)).status).toBe('PLACED')
  await expectFold()
})

/** What a process leaves that dies while it rebuilds: a second schema, which others go on to write to. */
const views = new URL('../../services/store/sql/view/', import.meta.url)
const leftover = `create schema store_view_next; ${readdirSync(views)
  .sort()
  .map((file) => readFileSync(new URL(file, views), 'utf8').replaceAll('{{schema}}', 'store_view_next'))
  .join('\n')}`

test('what a crash left is dropped by the next rebuild, or by the next start', async () => {
  await shop.database.script(leftover)
  const id = await placed(shop, product)
  expect((await order(shop, id)).status).toBe('PLACED')
  await shop.instance.rebuild()
  expect(await schemas()).toEqual(['store_view'])
  await expectFold()

  await shop.database.script(leftover)
  await shop.instance.stop()
  const next = await Instance.start(shop.database, { seed: false })
  expect(await schemas()).toEqual(['store_view'])
  await next.stop()
  await expectFold()
})
