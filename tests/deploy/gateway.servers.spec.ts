import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, Client } from '../kit/client.ts'
import { scratchFolder } from '../kit/folder.ts'
import { exchange } from '../kit/raw-http.ts'
import { Shop } from '../kit/shop.ts'
import { until, within } from '../kit/wait.ts'
import { type Deployment, startDeployment } from './deployment.ts'
import { gatewayFolder, nginx } from './gateway.ts'
import { filesOf } from './image.ts'

const keyboard = [{ product_id: 2, quantity: 1 }]

it('nginx takes the configuration as it is shipped, from a user who is not root', async () => {
  const command = nginx(gatewayFolder(scratchFolder()), ['-t'])
  expect(await within('the end of the check', command.ended), command.stderr()).toEqual({ code: 0, signal: null })
})

describe('two instances of each service behind the gateway', () => {
  let deployment: Deployment
  let shop: Shop
  let before: string[]
  beforeAll(async () => {
    deployment = await startDeployment()
    shop = new Shop(deployment.url)
    before = filesOf(deployment.app)
  })
  afterAll(() => deployment?.stop())

  it('an order is placed, linked, paid and reported', async () => {
    const placed = await shop.post('/store-api/orders', { user_id: 1, items: keyboard }, { prefer: 'wait=20' })
    expect([placed.status, placed.json().status], placed.text).toEqual([201, 'PLACED'])
    expect(placed.headers.get('location')).toBe('/store-api/orders/1001')
    const order = await shop.order(1001)
    expect(order.payment_link).toBe(`${deployment.url}/payments-api/payments/process/1`)
    expect((await shop.pay(order)).json()).toEqual({ order_id: 1001, payment_id: 1, is_paid: true })
    await until('the order is paid', async () => (await shop.order(1001)).status === 'PAID')
    expect((await shop.get('/store-api/orders/reports/best-sellers')).json()).toEqual([{ product_id: 2, quantity_sold: 1 }])
    expect((await shop.get('/store-manager-api/orders/1001')).json()).toMatchObject({ order_id: 1001, status: 'PAID' })
    expect((await shop.get('/payments-api/')).json()).toEqual({ service: 'PaymentMicroservice', status: 'running' })
    expect((await shop.get('/saga-api/sagas?limit=1')).json()).toMatchObject({ items: [{ order_id: 1001 }] })
  })

  it('an orchestrated order is driven to its end, and operators see it with all its steps', async () => {
    const answer = await shop.post('/saga-api/saga/order', { user_id: 2, items: keyboard })
    expect([answer.status, answer.json().status], answer.text).toEqual([200, 'OK'])
    const { order_id, saga_id } = answer.json<{ order_id: number; saga_id: string }>()
    expect(await shop.order(order_id)).toMatchObject({ status: 'PLACED', saga_id })
    const saga = (await shop.get(`/saga-api/sagas/${saga_id}`)).json<{ style: string; journal: { service: string }[] }>()
    expect([saga.style, ...saga.journal.map(({ service }) => service)]).toEqual(['http', 'store', 'store', 'payments', 'store'])
  })

  it('the page of the documentation comes with its files', async () => {
    const page = (await shop.get('/docs')).text
    const files = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(files.length).toBeGreaterThan(3)
    for (const file of [...files, '/docs/json', '/payments-api/docs/json', '/saga-api/docs/json'])
      expect((await shop.get(file)).status, file).toBe(200)
  })

  it('runs as somebody who is not root, and changes no file of the image', () => {
    for (const name of ['store-1', 'payments-2']) {
      const status = readFileSync(`/proc/${deployment.instance(name).pid}/status`, 'utf8')
      expect(status).toMatch(/^Uid:(\t[1-9]\d*){4}$/m)
      expect(deployment.isHealthy(name)).toBe(true)
    }
    expect(before.length).toBeGreaterThan(1_000)
    expect(filesOf(deployment.app)).toEqual(before)
  })

  it('what the gateway answers itself is a problem with the headers of all answers', async () => {
    const known = await shop.get('/store-api/nothing')
    const long = 'a'.repeat(300_000)
    const answers = [
      [400, await exchange(deployment.url, 'GET / HTTP/1.1\r\n\r\n')],
      [404, await shop.get('/')],
      [404, await shop.get('/problem')],
      [404, await shop.get('/write')],
      [404, await shop.get('/elsewhere/orders')],
      [413, await shop.post('/store-api/products', { name: long })],
      [414, await shop.get(`/store-api/orders?${long}`)],
      [431, await shop.get('/store-api/orders', { 'x-long': 'a'.repeat(25_000) })],
    ] as const
    for (const [status, answer] of answers) {
      expect(answer.status, answer.text).toBe(status)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      const problem = answer.json()
      expect(problem).toMatchObject({ status, errors: [], type: expect.stringMatching(/^\/problems\/[a-z_]+$/) })
      expect([problem.error, problem.title]).toEqual([problem.detail, expect.stringMatching(/^[A-Z]/)])
      expect(lastingHeaders(answer)).toEqual(lastingHeaders(known))
    }
    expect(known.headers.get('x-frame-options')).toBe('DENY')
    expect(known.headers.get('server')).toBe('nginx')
  })

  it('what is wrong for the services is wrong here: their words come through', async () => {
    const refused = await shop.post('/store-api/orders', { user_id: 1, items: [] })
    expect([refused.status, refused.json().type]).toEqual([422, expect.stringContaining('/problems/')])
    const long = await shop.get(`/store-api/orders?cursor=${'a'.repeat(9_000)}`)
    expect([long.status, long.json().instance]).toEqual([414, '/orders'])
    // A body as long as the services take.
    const full = await shop.post('/store-api/orders', `{"user_id":1,"items":[]${' '.repeat(262_144 - 24)}}`)
    expect([full.status, full.json().type]).toEqual([422, refused.json().type])
  })

  it('a Host that is not of the loopback gets 421 through the gateway, too', async () => {
    const request = 'GET /store-api/orders HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n'
    const answer = await exchange(deployment.url, request)
    expect([answer.status, answer.json().type]).toEqual([421, '/problems/misdirected'])
  })

  it('F5: reads go on while an instance stops, and writes go to the other one when it is gone', async () => {
    const reads = new Reads(`${deployment.url}/store-api/orders/1001`)
    await deployment.instance('store-1').stop()
    await reads.more(50)
    for (let n = 0; n < 3; n += 1) {
      const { order_id } = await shop.placed(keyboard)
      expect((await shop.put('/store-api/stocks', { items: keyboard, operation: '+' })).status).toBe(200)
      expect((await shop.delete(`/store-api/orders/${order_id}`)).status).toBe(200)
    }
    expect(await reads.end()).toEqual([200])
  })

  it('F4, F14: reads and writes go on after a SIGKILL of an instance', async () => {
    const reads = new Reads(`${deployment.url}/payments-api/payments/1`)
    await deployment.instance('payments-1').kill()
    await reads.more(50)
    const holds = Array.from({ length: 4 }, (_, user) => shop.put(`/payments-api/holds/${user + 100}`))
    expect((await Promise.all(holds)).map(({ status }) => status < 300)).toEqual([true, true, true, true])
    expect(await reads.end()).toEqual([200])
  })

  it('with all instances of a service gone, says that nothing was done; the other service goes on', async () => {
    await deployment.instance('payments-2').kill()
    expect(deployment.isHealthy('payments-2')).toBe(false)
    for (const answer of [await shop.get('/payments-api/payments/1'), await shop.put('/payments-api/holds/1')]) {
      expect([answer.status, answer.json().type], answer.text).toEqual([502, '/problems/no_answer'])
      expect(answer.json().detail).toContain('Nothing was done')
      expect(answer.headers.get('retry-after')).toBe('1')
    }
    expect((await shop.get('/store-api/orders/1001')).status).toBe(200)
  })
})

/** The headers that do not depend on the answer. */
const lastingHeaders = ({ headers }: Answer) =>
  [...headers].filter(([name]) => !/^(connection|content-length|date|transfer-encoding)$/.test(name))

/** A client that reads one thing over and over. */
class Reads {
  readonly #seen: number[] = []
  readonly #done: Promise<void>
  #going = true

  constructor(url: string) {
    this.#done = this.#run(url)
  }

  async #run(url: string): Promise<void> {
    const client = new Client(url)
    while (this.#going) this.#seen.push((await client.get('')).status)
  }

  /** Resolves after so many answers more. */
  async more(count: number): Promise<void> {
    const end = this.#seen.length + count
    await until(`${count} answers more`, () => this.#seen.length >= end)
  }

  /** The different statuses that came. */
  async end(): Promise<number[]> {
    this.#going = false
    await this.#done
    return [...new Set(this.#seen)]
  }
}
