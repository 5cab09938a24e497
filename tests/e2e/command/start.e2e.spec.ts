import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { comptoir, start } from '../../kit/command.ts'
import { scratchFolder } from '../../kit/folder.ts'
import { readyStore, startStore } from '../../kit/process.ts'
import { Shop } from '../../kit/shop.ts'
import { until, within } from '../../kit/wait.ts'

async function takenPort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

describe('comptoir serve', () => {
  it('--json: exactly one line that begins with {, when it is ready', async () => {
    const command = comptoir(['serve', '--json', '--ephemeral', '--port', '0'])
    const store = await readyStore(command)
    const { url } = store
    expect(store.json).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      store: `${url}/store-api`,
      payments: `${url}/payments-api`,
      saga: `${url}/saga-api`,
      docs: `${url}/docs`,
      metrics: `${url}/metrics`,
      data: null,
      mode: 'embedded',
      kafka: false,
      redis: false,
      pid: command.pid,
    })
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    await store.stop()
    expect(
      command
        .stdout()
        .split('\n')
        .filter((line) => line.startsWith('{')),
    ).toHaveLength(1)
    expect(command.stdout()).toBe(`${JSON.stringify(store.json)}\n`)
    expect(command.stderr()).toBe('')
  })

  it('without --json it tells people where everything is, and takes the next free port, and says so', async () => {
    const port = await takenPort()
    const command = comptoir(['serve', '--ephemeral', '--port', String(port)])
    const text = await until('what it says', () => command.stdout().includes('curl ') && command.stdout())
    const url = text.match(/http:\/\/127\.0\.0\.1:(\d+)/)
    expect(Number(url?.[1])).toBeGreaterThan(port)
    expect(text).toContain(`port ${port} is taken`)
    expect((await fetch(`${url?.[0]}/livez`)).status).toBe(200)
    command.child.kill('SIGINT')
    expect(await within('the end', command.ended)).toEqual({ code: 0, signal: null })
  })

  it('--no-seed: the store is empty', async () => {
    const store = await startStore({ args: ['--no-seed'] })
    const shop = new Shop(store.url)
    expect((await shop.get('/store-api/users/1')).status).toBe(404)
    expect((await shop.get('/store-api/products/1')).status).toBe(404)
    expect((await shop.get('/store-api/stocks/reports/overview-stocks')).json()).toEqual([])
    const user = await shop.user()
    const order = await shop.placed([{ product_id: await shop.product({ stock: 1 }), quantity: 1 }], user)
    expect([user, order.order_id, order.status]).toEqual([1, 1001, 'PLACED'])
    await store.stop()
  })

  it('--ephemeral: nothing is left', async () => {
    const TMPDIR = scratchFolder()
    const store = await startStore({ env: { TMPDIR } })
    const folders = () => readdirSync(TMPDIR).filter((name) => name.startsWith('comptoir-'))
    expect(folders()).toHaveLength(1)
    await store.stop()
    expect(folders()).toEqual([])
  })

  it('--demo: orders are placed, paid and cancelled by themselves', async () => {
    const store = await startStore({ args: ['--demo'] })
    const shop = new Shop(store.url)
    const statuses = async () =>
      (await shop.get('/store-api/orders')).json<{ items: { status: string }[] }>().items.map(({ status }) => status)
    await until('a paid and a cancelled order', async () => {
      const seen = await statuses()
      return seen.includes('PAID') && seen.includes('CANCELLED')
    })
    // Eight attempts with their pauses take up to 13 seconds.
    await until(
      'dead letters of two causes, and the saga of one of them stuck',
      async () => {
        const letters = (await shop.get('/saga-api/dead-letters')).json<{ items: { error: string; saga_id: string }[] }>().items
        const sagas = (await shop.get('/saga-api/sagas?state=needs_attention')).json<{ items: { saga_id: string }[] }>().items
        const stuck = sagas.map((saga) => saga.saga_id)
        return new Set(letters.map(({ error }) => error)).size === 2 && letters.some((letter) => stuck.includes(letter.saga_id))
      },
      40_000,
    )
    expect(await store.stop()).toEqual({ code: 0, signal: null })
  })

  it('PUBLIC_URL is where payment links lead', async () => {
    const store = await startStore({ env: { PUBLIC_URL: 'https://shop.example.com/' } })
    const order = await new Shop(store.url).placed([{ product_id: 2, quantity: 1 }])
    expect(order.payment_link).toBe('https://shop.example.com/payments-api/payments/process/1')
    await store.stop()
  })

  it('the folder and its secret are for their owner only', async () => {
    const data = join(scratchFolder(), 'new', 'store')
    const store = await startStore({ data })
    expect(statSync(data).mode & 0o077).toBe(0)
    expect(statSync(join(data, 'secret')).mode & 0o077).toBe(0)
    await store.stop()
  })
})

describe('npm start', () => {
  it('passes options and SIGTERM on, and ends with 0', async () => {
    const store = await readyStore(start('npm', ['start', '--', '--json', '--ephemeral', '--port', '0']))
    expect(store.pid).not.toBe(0)
    expect((await fetch(`${store.url}/livez`)).status).toBe(200)
    expect(await store.stop()).toEqual({ code: 0, signal: null })
    expect(() => process.kill(store.pid, 0)).toThrow('ESRCH')
    expect(store.output().match(/^\{/gm)).toHaveLength(1)
  })

  it('ends with 0 when the process that it printed is stopped', async () => {
    const store = await readyStore(start('npm', ['start', '--', '--json', '--ephemeral', '--port', '0']))
    process.kill(store.pid, 'SIGINT')
    expect(await within('the end of npm', store.ended)).toEqual({ code: 0, signal: null })
  })
})
