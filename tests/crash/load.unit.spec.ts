import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../kit/wait.ts'
import { Load } from './load.ts'
import { Random } from './random.ts'

/** A shop that answers all writes, and to a read of an order what it is told to; answers where it is. */
async function shopThatShows(status: (reads: number) => string): Promise<string> {
  let orders = 1_000
  const reads = new Map<string, number>()
  const server = createServer((request, response) => {
    const { method, url = '' } = request
    const answer = (code: number, body: object) => response.writeHead(code).end(JSON.stringify(body))
    request.resume()
    if (method === 'POST' && url.endsWith('/orders')) {
      orders += 1
      return answer(201, { order_id: orders })
    }
    if (method !== 'GET') return answer(url.endsWith('/rebuild') || url.endsWith('/stocks') ? 200 : 409, {})
    const before = reads.get(url) ?? 0
    reads.set(url, before + 1)
    return answer(200, { status: status(before), payment_link: '' })
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await until('it listens', () => server.listening)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Lets a load work until it has something to say or many orders were acknowledged; answers what it says of sessions. */
async function complaints(load: Load, url: string): Promise<string[]> {
  const ofSessions = () => load.surprises.filter((surprise) => surprise.startsWith('I13'))
  const clients = load.run(url, 1)
  const enough = () => ofSessions().length > 0 || load.wentBack > 2 || load.acknowledged.orders.size >= 100
  await until('enough', enough)
  load.stop()
  await clients
  return ofSessions()
}

const goesBack = (reads: number) => (reads % 2 === 0 ? 'PLACED' : 'PENDING')

test('I13: a client that reads an order older than before says so', async () => {
  const url = await shopThatShows(goesBack)
  expect((await complaints(new Load(new Random(1)), url))[0]).toMatch(
    /^I13: order \d+ is PENDING, and was read as PLACED before$/,
  )
})

test('I13: behind a gateway it looks again when nothing older may be shown any more, and counts', async () => {
  const load = new Load(new Random(1), { gateway: true })
  expect(await complaints(load, await shopThatShows(goesBack))).toEqual([])
  expect(load.wentBack).toBeGreaterThan(0)
})

test('I13: behind a gateway an order that stays older is no matter of a moment', async () => {
  const url = await shopThatShows((reads) => (reads === 0 ? 'PLACED' : 'PENDING'))
  const [complaint] = await complaints(new Load(new Random(1), { gateway: true }), url)
  expect(complaint).toMatch(/^I13: order \d+ is PENDING, and was read as PLACED before$/)
})

test('I13: a shop whose orders go on is never complained of', async () => {
  const url = await shopThatShows((reads) => ['PENDING', 'PLACED', 'PLACED', 'CANCELLING'][reads] ?? 'CANCELLED')
  expect(await complaints(new Load(new Random(1)), url)).toEqual([])
})
