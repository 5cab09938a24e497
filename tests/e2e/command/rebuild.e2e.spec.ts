import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { comptoir } from '../../kit/command.ts'
import { scratchFolder } from '../../kit/folder.ts'
import { startStore } from '../../kit/process.ts'
import { Shop } from '../../kit/shop.ts'
import { until, within } from '../../kit/wait.ts'

const reads = [
  '/store-api/orders?limit=200',
  '/store-api/stocks/reports/overview-stocks',
  '/store-api/orders/reports/highest-spenders',
  '/store-api/orders/reports/best-sellers',
]
const readAll = async (shop: Shop) => Promise.all(reads.map(async (path) => (await shop.get(path)).text.replaceAll(shop.url, '')))

async function rebuild(data: string): Promise<{ code: number | null; output: string }> {
  const command = comptoir(['rebuild', '--data', data])
  const { code } = await within('the end of the rebuild', command.ended)
  return { code, output: command.stdout() + command.stderr() }
}

async function someOrders(shop: Shop): Promise<void> {
  const orders = await Promise.all(
    Array.from({ length: 12 }, (_, index) => shop.placed([{ product_id: 1 + (index % 2), quantity: 1 }], 1 + (index % 4))),
  )
  const placed = orders.filter(({ status }) => status === 'PLACED')
  for (const order of placed.slice(0, 3)) {
    await shop.pay(order)
    // The answer waits for the store, but not for long.
    await until(`order ${order.order_id} is PAID`, async () => (await shop.order(order.order_id)).status === 'PAID')
  }
  for (const { order_id } of placed.slice(3, 6)) await shop.delete(`/store-api/orders/${order_id}`)
}

describe('comptoir rebuild', () => {
  it('I12: makes the same read model, in the process that serves and without one', async () => {
    const data = scratchFolder()
    const first = await startStore({ data })
    const shop = new Shop(first.url)
    await someOrders(shop)
    const before = await readAll(shop)
    expect(await rebuild(data)).toEqual({ code: 0, output: 'comptoir: the read model was made again from 12 orders\n' })
    expect(await readAll(shop)).toEqual(before)
    await first.stop()

    expect(await rebuild(data)).toEqual({ code: 0, output: 'comptoir: the read model was made again from 12 orders\n' })
    const second = await startStore({ data })
    expect(await readAll(new Shop(second.url))).toEqual(before)
    await second.stop()
  })

  it('I12: orders that flow meanwhile are in it', async () => {
    const data = scratchFolder()
    const store = await startStore({ data })
    const shop = new Shop(store.url)
    let flowing = true
    let accepted = 0
    const flow = async () => {
      while (flowing) {
        await shop.placed([{ product_id: 1, quantity: 1 }])
        accepted += 1
      }
    }
    const flows = Promise.all([flow(), flow(), flow()])
    const answers = []
    while (answers.length < 5 || (accepted <= 5 && answers.length < 500))
      answers.push(await shop.post('/store-api/read-model/rebuild'))
    flowing = false
    await flows
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(accepted).toBeGreaterThan(5)
    const { items } = (await shop.get('/store-api/orders?limit=200')).json<{ items: { status: string }[] }>()
    expect(items.map(({ status }) => status)).toEqual(Array(Math.min(accepted, 200)).fill('PLACED'))
    expect((await shop.get('/store-api/orders/reports/best-sellers')).json()).toEqual([
      { product_id: 1, quantity_sold: accepted },
    ])
    expect(await shop.stock(1)).toBe(1_000 - accepted)
    await store.stop()
  })

  it('says so when there is no store in the folder, and makes none', async () => {
    const data = join(scratchFolder(), 'nothing')
    const { code, output } = await rebuild(data)
    expect([code, output]).toEqual([1, expect.stringContaining(`there is no store in ${data}`)])
    expect(existsSync(data)).toBe(false)
  })
})
