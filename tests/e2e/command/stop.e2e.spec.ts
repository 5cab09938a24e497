import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { comptoir } from '../../kit/command.ts'
import { scratchFolder } from '../../kit/folder.ts'
import { startStore } from '../../kit/process.ts'
import { type Order, Shop } from '../../kit/shop.ts'
import { until, within } from '../../kit/wait.ts'

const keyboard = [{ product_id: 2, quantity: 1 }]
const clean = { code: 0, signal: null }

describe('stopping and starting again', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s ends it with 0; what it knew is found at the next start', async (signal) => {
    const data = scratchFolder()
    const first = await startStore({ data })
    const shop = new Shop(first.url)
    const placed = await shop.placed(keyboard)
    await shop.pay(placed)
    // The answer waits for the store, but not for long.
    const paid = await until('the order is PAID', async () => {
      const order = await shop.order(placed.order_id)
      return order.status === 'PAID' && order
    })
    const keyed = await shop.post(
      '/store-api/orders',
      { user_id: 1, items: keyboard },
      { 'idempotency-key': 'kept', prefer: 'wait=9' },
    )
    const { next } = (await shop.get('/store-api/orders?limit=1')).json<{ next: string }>()
    const stock = await shop.stock(2)
    process.kill(first.pid, signal)
    expect(await within('the end', first.ended)).toEqual(clean)

    const second = await startStore({ data })
    const again = new Shop(second.url)
    // The link leads to where it is served now.
    expect(await again.order(paid.order_id)).toEqual({ ...paid, payment_link: paid.payment_link.replace(first.url, second.url) })
    expect(await again.stock(2)).toBe(stock)
    const replay = await again.post(
      '/store-api/orders',
      { user_id: 1, items: keyboard },
      { 'idempotency-key': 'kept', prefer: 'wait=9' },
    )
    expect([replay.text, replay.headers.get('idempotency-replayed')]).toEqual([keyed.text, 'true'])
    expect((await again.get(`/store-api/orders?limit=1&cursor=${next}`)).json<{ items: Order[] }>().items[0]?.order_id).toBe(1001)
    expect(await again.placed(keyboard)).toMatchObject({ order_id: 1003 })
    expect(await second.stop()).toEqual(clean)
  })

  it('F5: orders in hand when it is stopped end rightly after the next start', async () => {
    const data = scratchFolder()
    const first = await startStore({ data })
    const shop = new Shop(first.url)
    const before = await shop.stock(1)
    const sent = Array.from({ length: 60 }, () => shop.accept([{ product_id: 1, quantity: 1 }]).catch(() => undefined))
    await Promise.race(sent)
    expect(await first.stop()).toEqual(clean)
    const accepted = (await Promise.all(sent)).filter((id) => id !== undefined)
    expect(accepted.length).toBeGreaterThan(0)

    const second = await startStore({ data })
    const again = new Shop(second.url)
    for (const id of accepted) expect(await again.orderAtRest(id)).toMatchObject({ status: 'PLACED' })
    const { items } = (await again.get('/store-api/orders?limit=200')).json<{ items: Order[] }>()
    for (const { order_id } of items) await again.orderAtRest(order_id)
    expect(await again.stock(1)).toBe(before - items.length)
    await second.stop()
  })

  it('clients that hold their connections, or wait for what does not come, do not keep it', async () => {
    const store = await startStore()
    const port = Number(new URL(store.url).port)
    const half = connect(port, '127.0.0.1').on('error', () => {})
    half.write(
      'POST /store-api/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    )
    const idle = connect(port, '127.0.0.1').on('error', () => {})
    idle.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await new Promise((resolve) => idle.once('data', resolve))
    expect(await store.stop()).toEqual(clean)
    for (const socket of [half, idle]) socket.destroy()
  })

  it('a signal while it starts ends it, too, and the next start finds the folder in order', async () => {
    const data = scratchFolder()
    const command = comptoir(['serve', '--json', '--port', '0', '--data', data])
    await until('its lock', () => existsSync(`${data}/comptoir.lock`))
    command.child.kill('SIGTERM')
    await within('the end', command.ended)
    const store = await startStore({ data })
    expect(await new Shop(store.url).placed(keyboard)).toMatchObject({ order_id: 1001, status: 'PLACED' })
    await store.stop()
  })
})

describe('one folder, one process', () => {
  it('F29: a second start on the folder fails, naming the first process and where it serves', async () => {
    const data = scratchFolder()
    const first = await startStore({ data })
    const second = comptoir(['serve', '--json', '--port', '0', '--data', data])
    const ending = await within('the end of the second', second.ended)
    expect(ending.code).toBeGreaterThan(0)
    expect(second.stderr()).toContain(`in use by process ${first.pid}`)
    expect(second.stderr()).toContain(first.url)
    expect(second.stdout()).toBe('')
    expect(await new Shop(first.url).placed(keyboard)).toMatchObject({ status: 'PLACED' })
    await first.stop()
  })

  it('F29: of three that start on one folder at once, one serves', async () => {
    const data = scratchFolder()
    const starts = await Promise.allSettled([1, 2, 3].map(() => startStore({ data })))
    const serving = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
    expect(serving).toHaveLength(1)
    for (const start of starts) if (start.status === 'rejected') expect(String(start.reason)).toMatch(/in use by process \d+/)
    await Promise.all(serving.map((store) => store.stop()))
  })

  it('I15: the lock of a killed process is taken over, and what it acknowledged is there', async () => {
    const data = scratchFolder()
    const first = await startStore({ data })
    const shop = new Shop(first.url)
    const ids = await Promise.all(Array.from({ length: 20 }, () => shop.accept(keyboard)))
    await first.kill()
    const second = await startStore({ data })
    for (const id of ids) expect(await new Shop(second.url).orderAtRest(id)).toMatchObject({ status: 'PLACED' })
    expect(await second.stop()).toEqual(clean)
  })
})
