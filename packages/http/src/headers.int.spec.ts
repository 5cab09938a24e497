import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idempotencyKey, requestFingerprint } from './idempotency.ts'
import { preference } from './prefer.ts'
import { createServer } from './server.ts'

const app = createServer({ allowedHosts: 'loopback' })
for (const url of ['/echo', '/echo/:id']) {
  app.post(url, { config: { policy: 'anyone' } }, async (request) => ({
    key: idempotencyKey(request) ?? null,
    fingerprint: requestFingerprint(request).toString('hex'),
    preference: preference(request),
  }))
}
beforeAll(() => app.listen({ port: 0, host: '127.0.0.1' }))
afterAll(() => app.close())

interface Answer {
  readonly status: number
  readonly body: { key: string | null; fingerprint: string; preference: object; status?: number }
}

function post(headers: Record<string, string | string[]>, body = '{}', path = '/echo'): Promise<Answer> {
  const { port } = app.server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path, method: 'POST', agent: false as const }
    const request = httpRequest({ ...options, headers: { 'content-type': 'application/json', ...headers } }, (response) => {
      json(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer as Answer['body'] }), reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

describe('Idempotency-Key', () => {
  it('row 48: is optional', async () => {
    expect(await post({})).toMatchObject({ status: 200, body: { key: null } })
  })

  it.each(['a', 'b'.repeat(255), '"8e03978e-40d5-43dd-bc93-6894a57f9324"', 'with blank'])('takes %j as it is', async (key) => {
    expect(await post({ 'idempotency-key': key })).toMatchObject({ status: 200, body: { key } })
  })

  it.each([
    ['empty', ''],
    ['256 characters', 'a'.repeat(256)],
    ['not ASCII', 'cl\u00e9'],
    ['with a tab', 'a\tb'],
    ['sent twice', ['a', 'a']],
  ])('row 51: a key that is %s is 400', async (_what, key) => {
    expect((await post({ 'idempotency-key': key })).status).toBe(400)
  })
})

describe('requestFingerprint', () => {
  const of = async (body: string, path?: string) => (await post({}, body, path)).body.fingerprint

  it('row 49: the same request has the same fingerprint, however it is written', async () => {
    const written = await of('{"user_id":1,"items":[{"product_id":2,"quantity":1}]}')
    expect(await of('{ "items": [{"quantity":1.0, "product_id":2}], "user_id":1 }')).toBe(written)
  })

  it('row 50: another body, route or parameter has another', async () => {
    const all = [
      await of('{"a":1}'),
      await of('{"a":2}'),
      await of('{"a":[1]}'),
      await of('{"a":1}', '/echo/1'),
      await of('{"a":1}', '/echo/2'),
    ]
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('Prefer', () => {
  it.each<[string | string[], object]>([
    ['wait=5', { wait: 5, respondAsync: false }],
    ['respond-async, wait=10', { wait: 10, respondAsync: true }],
    [['respond-async', 'wait=3'], { wait: 3, respondAsync: true }],
    ['Wait = "7"; foo=bar', { wait: 7, respondAsync: false }],
    ['wait=600', { wait: 30, respondAsync: false }],
    ['wait=0', { wait: 0, respondAsync: false }],
    ['wait=2, wait=9', { wait: 2, respondAsync: false }],
    ['foo="a, wait=5"', { respondAsync: false }],
    ['foo="a, b", wait=5', { wait: 5, respondAsync: false }],
    ['wait=-1, wait=1.5, wait=abc', { respondAsync: false }],
    [',;=,"', { respondAsync: false }],
    ['respond-async=no', { respondAsync: false }],
    [`${'"\\'.repeat(4000)}, wait=1`, { respondAsync: false }],
  ])('%s', async (prefer, expected) => {
    expect(await post({ prefer })).toMatchObject({ status: 200, body: { preference: expected } })
    expect((await post({ prefer })).body.preference).toEqual(expected)
  })
})
