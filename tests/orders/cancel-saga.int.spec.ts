import { placeOrder } from '@comptoir/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../kit/wait.ts'
import { type Fault, refuseRows } from './fault.fixture.ts'
import { violations } from './invariants.fixture.ts'
import { openOperator } from './operator.fixture.ts'
import { drained, newProduct, openShop, order, placed, type Shop, stockOf } from './shop.fixture.ts'

let shop: Shop
let operator: Awaited<ReturnType<typeof openOperator>>
let product: number
beforeAll(async () => {
  // The shortest waits between attempts.
  shop = await openShop({ random: { next: () => 0 } })
  product = await newProduct(shop, 10)
  operator = await openOperator(shop)
})
afterAll(async () => {
  await operator.close()
  await shop.close()
})

const cancel = async (saga: string) => {
  const answer = await operator.inject({ method: 'POST', url: `/sagas/${saga}/cancel` })
  return { status: answer.statusCode, body: answer.json() }
}
const lines = () => [{ product_id: product, quantity: 2 }]
const noPayments = () => refuseRows(shop.database, 'insert', 'payments.payments')

/** An order whose payment cannot be made just now. */
async function stuck(): Promise<{ id: number; saga: string; fault: Fault }> {
  const fault = await noPayments()
  const before = await stockOf(shop, product)
  const { body } = await shop.call('POST', '/orders', { user_id: 1, items: lines() })
  await until('its stock is taken', async () => (await stockOf(shop, product)) === before - 2)
  return { id: body.order_id, saga: (await order(shop, body.order_id)).saga_id, fault }
}

describe('an operator cancels a saga', () => {
  it('that waits for its payment: what was done is undone, and the late payment is none', async () => {
    const before = await stockOf(shop, product)
    const { id, saga, fault } = await stuck()
    expect(await cancel(saga)).toEqual({ status: 200, body: { cancelled: true } })
    await fault.heal()
    await drained(shop)
    expect(await order(shop, id)).toMatchObject({ status: 'CANCELLED', reason: 'cancelled' })
    expect(await stockOf(shop, product)).toBe(before)
    await until('payments know that it has ended', async () => {
      const rows = await shop.database.query<{ status: string }>('select status from payments.payments where order_id = $1', [id])
      return rows[0]?.status === 'CLOSED'
    })
    expect(await violations(shop.database)).toEqual([])
    expect(await cancel(saga)).toMatchObject({ status: 409, body: { type: '/problems/saga_ended' } })
  })

  it('that is driven over messages', async () => {
    const before = await stockOf(shop, product)
    const fault = await noPayments()
    const begun = await shop.instance.orchestration?.driver.begin(placeOrder, 'messages', { user_id: 1, items: lines() })
    if (begun?.kind !== 'begun') throw new Error('not begun')
    await until('its stock is taken', async () => (await stockOf(shop, product)) === before - 2)
    expect(await cancel(begun.saga)).toEqual({ status: 200, body: { cancelled: true } })
    await fault.heal()
    expect(await stockOf(shop, product)).toBe(before)
  })

  it('past its pivot: 409, which names what gives the order up', async () => {
    const fault = await refuseRows(shop.database, 'update', 'store.orders', `new.status in ('PLACED', 'PAID')`)
    const { body } = await shop.call('POST', '/orders', { user_id: 1, items: lines() })
    const { saga_id } = await order(shop, body.order_id)
    await until('its payment is made', async () => {
      const rows = await shop.database.query('select from payments.payments where order_id = $1', [body.order_id])
      return rows.length === 1
    })
    expect(await cancel(saga_id)).toMatchObject({
      status: 409,
      body: { type: '/problems/too_late', error: expect.stringContaining(`DELETE /store-api/orders/${body.order_id}`) },
    })
    await fault.heal()
    await until('it is PLACED', async () => (await order(shop, body.order_id)).status === 'PLACED')
  })

  it('that has ended, or that nobody knows: 409 and 404', async () => {
    const { saga_id } = await order(shop, await placed(shop, product))
    expect(await cancel(saga_id)).toMatchObject({ status: 409, body: { type: '/problems/saga_ended' } })
    expect((await cancel('01926b3e-7c1a-7000-8000-000000000001')).status).toBe(404)
    expect((await cancel('nothing')).status).toBe(400)
  })
})
