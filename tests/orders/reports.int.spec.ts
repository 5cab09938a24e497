import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { foldedReadModel, shownReadModel } from './invariants.fixture.ts'
import { drained, newProduct, newUser, openShop, order, pay, place, placed, type Shop } from './shop.fixture.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const spenders = async () => (await shop.call('GET', '/orders/reports/highest-spenders')).body
const sellers = async () => (await shop.call('GET', '/orders/reports/best-sellers')).body
const cancel = (id: number) => shop.call('DELETE', `/orders/${id}`)

describe('reports', () => {
  test('an empty store', async () => {
    expect([await spenders(), await sellers()]).toEqual([[], []])
  })

  test('an order counts while it is PLACED or PAID, with its lines, and no longer when it is cancelled', async () => {
    const [user, other] = [await newUser(shop), await newUser(shop)]
    const [dear, cheap] = [await newProduct(shop, 100, 19.99), await newProduct(shop, 100, 0.01)]
    const first = (
      await place(shop, user, [
        { product_id: dear, quantity: 2 },
        { product_id: cheap, quantity: 7 },
      ])
    ).body.order_id
    expect(await spenders()).toEqual([{ user_id: user, total_expense: 40.05 }])
    expect(await sellers()).toEqual([
      { product_id: cheap, quantity_sold: 7 },
      { product_id: dear, quantity_sold: 2 },
    ])
    const second = await placed(shop, dear, 3, other)
    await pay(shop, second)
    expect(await spenders()).toEqual([
      { user_id: other, total_expense: 59.97 },
      { user_id: user, total_expense: 40.05 },
    ])
    await cancel(first)
    expect(await spenders()).toEqual([{ user_id: other, total_expense: 59.97 }])
    expect(await sellers()).toEqual([{ product_id: dear, quantity_sold: 3 }])
  })

  test('orders that fail count nowhere', async () => {
    const before = [await spenders(), await sellers()]
    await place(shop, 4, [{ product_id: 2, quantity: 1 }])
    await place(shop, 1, [{ product_id: 3, quantity: 3 }])
    expect([await spenders(), await sellers()]).toEqual(before)
  })

  test('at most ten, ties by id', async () => {
    const product = await newProduct(shop, 2_000, 5)
    const users = await Promise.all(Array.from({ length: 12 }, () => newUser(shop)))
    await Promise.all(users.map((user) => placed(shop, product, 100, user)))
    const expected = users.sort((a, b) => a - b).slice(0, 10)
    expect(await spenders()).toEqual(expected.map((user_id) => ({ user_id, total_expense: 500 })))
  })

  test('a report read after an order shows its link includes that order, also while others come in', async () => {
    const product = await newProduct(shop, 1_000, 1_000)
    const user = await newUser(shop)
    const noise = Array.from({ length: 60 }, () => place(shop, 1, [{ product_id: 13, quantity: 1 }]))
    for (let count = 1; count <= 30; count += 1) {
      const { body } = await shop.call('POST', '/orders', { user_id: user, items: [{ product_id: product, quantity: 1 }] })
      while ((await order(shop, body.order_id)).payment_link === '');
      const [mine] = (await spenders()).filter((line: { user_id: number }) => line.user_id === user)
      expect(mine).toEqual({ user_id: user, total_expense: count * 1_000 })
    }
    await Promise.all(noise)
  })

  test('I12: after placing, paying and cancelling at once, the read model is the fold of the write side', async () => {
    const product = await newProduct(shop, 60)
    await Promise.all(
      Array.from({ length: 80 }, async (_, index) => {
        const { body } = await place(shop, 1 + (index % 4), [{ product_id: product, quantity: 1 }])
        if (body.status !== 'PLACED') return
        if (index % 3 === 0) await pay(shop, body.order_id)
        if (index % 2 === 0) await cancel(body.order_id)
      }),
    )
    await drained(shop)
    expect(await shownReadModel(shop.database)).toEqual(await foldedReadModel(shop.database))
  })
})

describe('GET /orders', () => {
  const list = async (query: string) => (await shop.call('GET', `/orders${query}`)).body
  const ids = (page: { items: { order_id: number }[] }) => page.items.map((item) => item.order_id)

  test('pages from the newest to the oldest, each order once, though new ones come in', async () => {
    const rows = await shop.database.query<{ id: number }>('select id from store.orders order by id desc')
    const seen: number[] = []
    let cursor = ''
    for (;;) {
      const page = await list(`?limit=37${cursor}`)
      seen.push(...ids(page))
      if (page.next === null) break
      cursor = `&cursor=${page.next}`
      await placed(shop, 13)
    }
    expect(seen).toEqual(rows.map((row) => row.id))
  })

  test('a page that ends with the oldest order has no next', async () => {
    const [row] = await shop.database.query<{ count: number }>('select count(*)::int as count from store.orders')
    const page = await list(`?limit=${Math.min(200, row?.count ?? 0)}`)
    expect([page.items.length === row?.count, page.next]).toEqual([
      (row?.count ?? 0) <= 200,
      row && row.count > 200 ? expect.any(String) : null,
    ])
  })

  test('without a limit: 50, as GET /orders/:id shows them', async () => {
    const page = await list('')
    expect(page.items).toHaveLength(50)
    expect(page.items[7]).toEqual(await order(shop, page.items[7].order_id))
  })

  test.each([
    'limit=0',
    'limit=-1',
    'limit=201',
    'limit=1000000000',
    'limit=1.0',
    'limit=1&limit=9',
    'cursor=',
    'cursor=abc',
    'cursor=MTAwMQ',
  ])('rows 14, 27: %s is 400', async (query) => {
    expect((await shop.call('GET', `/orders?${query}`)).status).toBe(400)
  })

  test('row 27: a cursor that was changed is 400', async () => {
    const { next } = await list('?limit=1')
    const forged = `${next.slice(0, -2)}${next.endsWith('Aw') ? 'Ag' : 'Aw'}`
    expect((await shop.call('GET', `/orders?cursor=${forged}`)).status).toBe(400)
  })

  test.each(['abc', '1.0', '01', '-1', '0', '2147483648', '99999999999999999999', '1;DROP'])(
    'row 24: order %s is 400',
    async (id) => {
      expect((await shop.call('GET', `/orders/${id}`)).status).toBe(400)
      expect((await shop.call('DELETE', `/orders/${id}`)).status).toBe(400)
    },
  )

  test('row 24: an unknown order is 404', async () => {
    expect((await shop.call('GET', '/orders/2147483647')).status).toBe(404)
  })
})
