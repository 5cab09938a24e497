import { afterEach, describe, expect, it } from 'vitest'
import { comptoir } from '../../kit/command.ts'
import { scratchFolder } from '../../kit/folder.ts'
import { type StartOptions, type StoreProcess, startStore } from '../../kit/process.ts'
import { Shop, sampleCard } from '../../kit/shop.ts'
import { until, within } from '../../kit/wait.ts'

/** Orders wait so long for their payment here. */
const env = { PAY_WITHIN: '1s' }
let store: StoreProcess
let shop: Shop
async function start(options: StartOptions): Promise<void> {
  store = await startStore(options)
  shop = new Shop(store.url)
}
afterEach(() => store.stop())

const expired = (id: number) =>
  until(`order ${id} expires`, async () => {
    const order = await shop.order(id)
    return order.status === 'EXPIRED' && order
  })

describe('an order that is not paid in time', () => {
  it('is EXPIRED, its stock is back, and nothing can be paid or cancelled any more', async () => {
    await start({ env })
    const product = await shop.product({ stock: 5 })
    const { order_id } = await shop.placed([{ product_id: product, quantity: 2 }])
    const order = await expired(order_id)
    expect(order).toMatchObject({ reason: 'expired', is_paid: false })
    expect(await shop.stock(product)).toBe(5)
    const late = await shop.pay(order)
    expect([late.status, late.json<{ error: string }>().error]).toEqual([409, expect.stringContaining('closed')])
    expect((await shop.put('/store-api/orders', { order_id, is_paid: true })).status).toBe(409)
    expect((await shop.delete(`/store-api/orders/${order_id}`)).status).toBe(404)
    const sagas = (await shop.get('/saga-api/sagas?limit=200')).json<{
      items: { saga: string; order_id: number; status: string }[]
    }>()
    expect(sagas.items.filter((saga) => saga.order_id === order_id).map(({ saga, status }) => [saga, status])).toEqual([
      ['CancelOrder', 'completed'],
      ['PlaceOrder', 'completed'],
    ])
  })

  it('F1: expires after a SIGKILL, too', async () => {
    const data = scratchFolder()
    await start({ data, env })
    const product = await shop.product({ stock: 5 })
    const { order_id } = await shop.placed([{ product_id: product, quantity: 2 }])
    await store.kill()
    await start({ data, env })
    await expired(order_id)
    expect(await shop.stock(product)).toBe(5)
  })
})

it('an order that is paid never expires', async () => {
  const data = scratchFolder()
  // Long enough to pay, however slow the machine.
  await start({ data })
  const product = await shop.product({ stock: 5 })
  const order = await shop.placed([{ product_id: product, quantity: 2 }])
  expect((await shop.pay(order, sampleCard)).status).toBe(200)
  const unpaid = await shop.placed([{ product_id: product, quantity: 1 }])
  await store.stop()
  // The time is kept with the order: it is what was promised when it was placed.
  await start({ data, env })
  const next = await shop.placed([{ product_id: product, quantity: 1 }])
  await expired(next.order_id)
  expect(await shop.order(order.order_id)).toMatchObject({ status: 'PAID' })
  expect(await shop.order(unpaid.order_id)).toMatchObject({ status: 'PLACED' })
})

it.each(['soon', '0m', '-1h', '30'])('--pay-within %s is refused in words', async (time) => {
  const command = comptoir(['serve', '--ephemeral', `--pay-within=${time}`])
  expect(await within('its end', command.ended)).toEqual({ code: 1, signal: null })
  expect(command.stderr()).toContain(`${time} is no duration: write a number above 0 and ms, s, m, h or d, such as 10m`)
})
