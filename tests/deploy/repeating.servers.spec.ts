import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../scripts/servers/port.mjs'
import { Client } from '../kit/client.ts'
import { scratchFolder } from '../kit/folder.ts'
import { startGateway } from './gateway.ts'

/** What an instance of these tests does with a request that it has read. */
type Behaviour = (response: ServerResponse) => void

const ok: Behaviour = (response) => response.end('{"ok":true}')
const breakOff: Behaviour = (response) => response.destroy()
const words = { detail: 'Nothing was done.' }
const unavailable: Behaviour = (response) => response.writeHead(503, { 'retry-after': '7' }).end(JSON.stringify(words))

/** By the ports of the shipped configuration, those of the tests. Nobody listens but in the place of the stores. */
const ports = new Map<string, number>()
const instances: Server[] = []
let behaviours: Behaviour[]
let seen: string[]

/** In the place of the two stores: they do to the requests, in order, what `behaviours` says. */
beforeAll(async () => {
  for (const shipped of ['5001', '5002', '5009', '5010', '5123', '5124']) ports.set(shipped, await freePort())
  for (const shipped of ['5001', '5002']) {
    const instance = createServer((request, response) => {
      request.resume().once('end', () => {
        seen.push(`${request.method} ${request.url}`)
        const act = behaviours[seen.length - 1] ?? ok
        act(response)
      })
    })
    await once(instance.listen(ports.get(shipped), '127.0.0.1'), 'listening')
    instances.push(instance)
  }
})
afterAll(() => {
  for (const instance of instances) instance.close().closeAllConnections()
})
beforeEach(() => {
  behaviours = []
  seen = []
})

/** A gateway of the test's own: it remembers which instances have failed. */
async function gateway(): Promise<Client> {
  const { url, command } = await startGateway(scratchFolder(), ports)
  onTestFinished(async () => {
    command.child.kill('SIGTERM')
    await command.ended
  })
  return new Client(url)
}

/** Until the end of the test nobody listens where the first instance was. */
function closeFirst(): void {
  const [first] = instances
  first?.close().closeAllConnections()
  onTestFinished(async () => {
    if (first) await once(first.listen(ports.get('5001'), '127.0.0.1'), 'listening')
  })
}

describe('the gateway gives to another instance', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('I9: no %s that was sent and not answered', async (method) => {
    behaviours = [breakOff, ok]
    const answer = await (await gateway()).send(method, '/store-api/stocks', {})
    expect(seen).toEqual([`${method} /stocks`])
    expect(answer.json()).toMatchObject({
      type: '/problems/no_answer',
      status: answer.status,
      detail: expect.stringContaining('Look whether it was done'),
    })
    expect(answer.status).toBe(502)
  })

  it.each(['POST', 'PUT', 'DELETE'])('I9: no %s that an instance refused with 503, whose words come through', async (method) => {
    behaviours = [unavailable, ok]
    const answer = await (await gateway()).send(method, '/store-api/stocks', {})
    expect(seen).toEqual([`${method} /stocks`])
    expect([answer.status, answer.headers.get('retry-after'), answer.json()]).toEqual([503, '7', words])
  })

  it.each(['POST', 'PUT', 'DELETE'])('every %s that could not be sent', async (method) => {
    const client = await gateway()
    closeFirst()
    for (let n = 0; n < 4; n += 1) expect((await client.send(method, '/store-api/stocks', {})).json()).toEqual({ ok: true })
    expect(seen).toEqual(Array(4).fill(`${method} /stocks`))
  })

  it('I9: a write that the first could not be sent, and says of the second, which did not answer, that it may be done', async () => {
    const client = await gateway()
    closeFirst()
    behaviours = [breakOff, ok]
    const answer = await client.put('/store-api/stocks', {})
    expect(seen).toEqual(['PUT /stocks'])
    expect([answer.status, answer.json().detail]).toEqual([502, expect.stringContaining('Look whether it was done')])
  })

  it.each([
    ['was not answered', breakOff],
    ['was refused with 503', unavailable],
  ])('a GET that %s', async (_how, failure) => {
    behaviours = [failure, ok]
    expect((await (await gateway()).get('/store-api/stocks/1')).json()).toEqual({ ok: true })
    expect(seen).toEqual(['GET /stocks/1', 'GET /stocks/1'])
  })

  it('a GET that nobody answers only once', async () => {
    behaviours = [breakOff, breakOff]
    const answer = await (await gateway()).get('/store-api/stocks/1')
    expect([answer.status, answer.json().detail]).toEqual([502, 'No instance of the service answers. Try again in a moment.'])
    expect(seen).toHaveLength(2)
  })

  it('nothing that no instance can be sent: it says that nothing was done', async () => {
    const client = await gateway()
    for (const method of ['GET', 'POST']) {
      const answer = await client.send(method, '/payments-api/payments', method === 'POST' ? {} : undefined)
      expect([answer.status, answer.json().detail]).toEqual([502, expect.stringContaining('Nothing was done')])
    }
  })
})

it('the gateway passes paths on as they were written', async () => {
  const client = await gateway()
  await client.get('/store-api/orders/1%2F2%3f//x?cursor=a%20b')
  await client.get('/store-manager-api/users/a%2Fb')
  await client.get('/%73tore-api/orders')
  expect(seen).toEqual(['GET /orders/1%2F2%3f//x?cursor=a%20b', 'GET /users/a%2Fb'])
})

it.each(['sagas', '%73agas', '/sagas'])('the gateway lets nobody call a step as /store-api/%s/…', async (path) => {
  const { status } = await (await gateway()).post(
    `/store-api/${path}/0193e0c6-6b1a-7cc0-8f0e-000000000001/steps/createOrder/undo`,
    {},
  )
  expect([status, seen]).toEqual([404, []])
})
