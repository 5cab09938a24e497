import { describe, expect, it } from 'vitest'
import { userOnHold } from '../../kit/shop.ts'
import { withStore } from '../../kit/suite.ts'

const store = withStore()
const cancel = (id: number) => store.shop.delete(`/store-api/orders/${id}`)
const deleted = { deleted: true }

describe('DELETE /orders/:id', () => {
  it('PLACED: the stock is back, the payment closed, and the order says so when it answers', async () => {
    const product_id = await store.shop.product({ stock: 7 })
    const order = await store.shop.placed([{ product_id, quantity: 3 }])
    expect(await store.shop.stock(product_id)).toBe(4)
    const answer = await cancel(order.order_id)
    expect([answer.status, answer.json()]).toEqual([200, deleted])
    expect(await store.shop.order(order.order_id)).toMatchObject({ status: 'CANCELLED', reason: 'cancelled', is_paid: false })
    expect(await store.shop.stock(product_id)).toBe(7)
    expect((await store.shop.pay(order)).status).toBe(409)
  })

  it('PENDING: an order that was only just accepted is cancelled all the same', async () => {
    const product_id = await store.shop.product({ stock: 10 })
    for (let round = 0; round < 10; round += 1) {
      const id = await store.shop.accept([{ product_id, quantity: 1 }])
      const answer = await cancel(id)
      expect([answer.status, answer.json()]).toEqual([200, deleted])
      expect(await store.shop.order(id)).toMatchObject({ status: 'CANCELLED', reason: 'cancelled' })
    }
    expect(await store.shop.stock(product_id)).toBe(10)
  })

  it('PENDING and about to fail: it ends CANCELLED either way', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await store.shop.accept([{ product_id: 2, quantity: 1 }], userOnHold)
      expect([200, 404]).toContain((await cancel(id)).status)
      expect(await store.shop.orderAtRest(id)).toMatchObject({ status: 'CANCELLED' })
    }
  })

  it('CANCELLED: 404, and it keeps its row and its history', async () => {
    const order = await store.shop.placed([{ product_id: 3, quantity: 9 }])
    const answer = await cancel(order.order_id)
    expect([answer.status, answer.json()]).toEqual([404, expect.objectContaining({ deleted: false })])
    expect(await store.shop.order(order.order_id)).toEqual(order)
  })

  it('PAID: 409, and nothing changes', async () => {
    const order = await store.shop.placed([{ product_id: 2, quantity: 1 }])
    await store.shop.pay(order)
    const before = await store.shop.stock(2)
    const answer = await cancel(order.order_id)
    expect([answer.status, answer.json()]).toEqual([
      409,
      expect.objectContaining({ deleted: false, type: '/problems/already_paid' }),
    ])
    expect(await store.shop.order(order.order_id)).toMatchObject({ status: 'PAID' })
    expect(await store.shop.stock(2)).toBe(before)
  })

  it('several at once cancel once', async () => {
    const product_id = await store.shop.product({ stock: 5 })
    for (let round = 0; round < 5; round += 1) {
      const order = await store.shop.placed([{ product_id, quantity: 5 }])
      const answers = await Promise.all([1, 2, 3, 4].map(() => cancel(order.order_id)))
      const statuses = answers.map(({ status }) => status)
      expect(statuses).toContain(200)
      // Who comes after the end finds it cancelled already.
      for (const status of statuses) expect([200, 404]).toContain(status)
      expect(await store.shop.stock(product_id)).toBe(5)
    }
  })

  it('F45: paying and cancelling at once has one winner', async () => {
    const product_id = await store.shop.product({ stock: 100 })
    let standing = 0
    for (let round = 0; round < 15; round += 1) {
      const order = await store.shop.placed([{ product_id, quantity: 1 }])
      const [paying, cancelling] = await Promise.all([store.shop.pay(order), cancel(order.order_id)])
      const end = await store.shop.orderAtRest(order.order_id)
      const paid = end.status === 'PAID'
      standing += paid ? 1 : 0
      expect([end.status, paying.status, cancelling.status]).toEqual(paid ? ['PAID', 200, 409] : ['CANCELLED', 409, 200])
    }
    expect(await store.shop.stock(product_id)).toBe(100 - standing)
  })
})
