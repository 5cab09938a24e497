import { describe, expect, it } from 'vitest'
import { userOnHold } from '../../kit/shop.ts'
import { withStore } from '../../kit/suite.ts'
import { until } from '../../kit/wait.ts'

const store = withStore()
const gadget = 3

/** What the old system did, and what must be impossible in this one. */
describe('the faults of the old system', () => {
  it('F44, I2: of ten orders of 2 at once for a product with stock 2, exactly one is placed', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, () => store.shop.accept([{ product_id: gadget, quantity: 2 }])))
    let lowest = 2
    const orders = await until('the end of all ten', async () => {
      lowest = Math.min(lowest, await store.shop.stock(gadget))
      const seen = await Promise.all(ids.map((id) => store.shop.order(id)))
      return seen.every(({ status }) => status !== 'PENDING') && seen
    })
    expect(orders.map(({ status }) => status).sort()).toEqual([...Array(9).fill('CANCELLED'), 'PLACED'])
    for (const { status, reason } of orders) expect(reason).toBe(status === 'PLACED' ? null : 'out_of_stock')
    expect(lowest).toBeGreaterThanOrEqual(0)
    expect(await store.shop.stock(gadget)).toBe(0)
  })

  it('I1: under a mix of orders at once, what is gone is what was ordered', async () => {
    const product_id = await store.shop.product({ stock: 60 })
    const ids = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        store.shop.accept([{ product_id, quantity: (index % 4) + 1 }], index % 5 === 0 ? userOnHold : 1),
      ),
    )
    const orders = await Promise.all(ids.map((id) => store.shop.orderAtRest(id)))
    const sold = orders.filter(({ status }) => status === 'PLACED').reduce((sum, { items }) => sum + (items[0]?.quantity ?? 0), 0)
    expect(sold).toBeGreaterThan(0)
    expect(new Set(orders.map(({ reason }) => reason))).toContain('on_hold')
    expect(await store.shop.stock(product_id)).toBe(60 - sold)
  })

  it('I3: paying twice at once pays once, and both hear the same', async () => {
    const order = await store.shop.placed([{ product_id: 2, quantity: 1 }])
    const answers = await Promise.all(Array.from({ length: 6 }, () => store.shop.pay(order)))
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    // Their answers wait for the store, but not for long.
    const paid = await until('the order is PAID', async () => {
      const shown = await store.shop.order(order.order_id)
      return shown.is_paid && shown
    })
    expect(paid).toMatchObject({ status: 'PAID', payment_link: order.payment_link })
  })

  it('row 17: a quantity of -3 beside a dear line raises no stock', async () => {
    const before = await store.shop.stock(2)
    const items = [
      { product_id: 1, quantity: 1 },
      { product_id: 2, quantity: -3 },
    ]
    expect((await store.shop.post('/store-api/orders', { user_id: 1, items })).status).toBe(422)
    expect(await store.shop.stock(2)).toBe(before)
  })

  it('I3: each order that stands has one payment, of its amount', async () => {
    const ids = await Promise.all(
      Array.from({ length: 30 }, (_, index) => store.shop.accept([{ product_id: 1, quantity: (index % 3) + 1 }])),
    )
    const orders = await Promise.all(ids.map((id) => store.shop.orderAtRest(id)))
    const payments = await Promise.all(
      orders.map(async ({ payment_link }) =>
        (await store.shop.get(`/payments-api/payments/${payment_link.split('/').at(-1)}`)).json(),
      ),
    )
    expect(payments.map(({ order_id, total_amount }) => [order_id, total_amount])).toEqual(
      orders.map(({ order_id, total_amount }) => [order_id, total_amount]),
    )
    expect(new Set(payments.map(({ id }) => id)).size).toBe(30)
  })

  it('no read is 201, and no bad input is a 500', async () => {
    const reads = [
      'users/1',
      'products/1',
      'stocks/1',
      'orders/1001',
      'orders/reports/highest-spenders',
      'stocks/reports/overview-stocks',
    ]
    for (const path of reads) expect((await store.shop.get(`/store-api/${path}`)).status, path).toBe(200)
    for (const path of ['users', 'products', 'stocks', 'orders'])
      expect((await store.shop.post(`/store-api/${path}`, {})).status, path).toBe(400)
  })
})
