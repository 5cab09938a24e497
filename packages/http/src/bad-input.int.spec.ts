import { Type } from 'typebox'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PageQuery } from './paging.ts'
import { BodyId, Email, Id, Money, Quantity, Text, Uuid } from './schemas.ts'
import { createServer } from './server.ts'

const config = { policy: 'anyone' } as const
const closed = { additionalProperties: false }
const Order = Type.Object(
  {
    user_id: BodyId,
    items: Type.Array(Type.Object({ product_id: BodyId, quantity: Quantity }, closed), { minItems: 1, maxItems: 1000 }),
  },
  closed,
)
const Thing = Type.Object({ name: Text(100), email: Email, price: Money() }, closed)
const Card = Type.Object(
  {
    number: Type.Unsafe<number | string>({ type: ['integer', 'string'], minimum: 100_000_000_000, pattern: '^[0-9]{12,19}$' }),
    expires: Type.String({ format: 'date' }),
    kind: Type.Union([Type.Literal('+'), Type.Literal('-')]),
  },
  closed,
)

let effects = 0
const done = async () => {
  effects += 1
  return {}
}
const app = createServer({ allowedHosts: 'loopback' })
app.post('/orders', { config, schema: { body: Order } }, done)
app.get('/orders', { config, schema: { querystring: PageQuery } }, done)
app.get('/orders/:id', { config, schema: { params: Type.Object({ id: Id }) } }, done)
app.delete('/orders/:id', { config, schema: { params: Type.Object({ id: Id }) } }, done)
app.get('/sagas/:id', { config, schema: { params: Type.Object({ id: Uuid }) } }, done)
app.post('/things', { config, schema: { body: Thing } }, done)
app.post('/cards', { config, schema: { body: Card } }, done)
app.post('/sagas/:id/cancel', { config }, done)
beforeAll(() => app.ready())
afterAll(() => app.close())
beforeEach(() => {
  effects = 0
})

const json = { 'content-type': 'application/json' }
const line = { product_id: 1, quantity: 1 }
const order = (change: object = {}) => ({ user_id: 1, items: [line], ...change })
const lineOf = (change: object) => order({ items: [{ ...line, ...change }] })
const quantity = (written: string) => `{"user_id":1,"items":[{"product_id":1,"quantity":${written}}]}`
const thing = (change: object) => ({ name: 'Gadget', email: 'ada@example.com', price: 5.75, ...change })

const post = (url: string, payload: string | object | Buffer, headers: Record<string, string> = json) =>
  app.inject({
    method: 'POST',
    url,
    headers,
    payload: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
  })

/** Status, and code and pointer (or parameter) of the first fault. No refused request may have reached a handler. */
function seen(answer: Awaited<ReturnType<typeof post>>): [number, string?, string?] {
  if (answer.statusCode < 400) return [answer.statusCode]
  const problem = answer.json()
  expect(effects).toBe(0)
  expect(answer.headers['content-type']).toBe('application/problem+json')
  expect(problem).toMatchObject({
    status: answer.statusCode,
    error: problem.detail,
    type: `/problems/${problem.type.split('/').at(-1)}`,
  })
  const first = problem.errors[0]
  return first === undefined ? [answer.statusCode] : [answer.statusCode, first.code, first.pointer ?? first.parameter]
}

describe('bodies', () => {
  it.each<[row: string, url: string, body: string | object | Buffer, status: number, code?: string, pointer?: string]>([
    ['row 0: a right order', '/orders', order(), 200],
    ['row 1: empty', '/orders', '', 400, 'type', ''],
    ['row 1: null', '/orders', 'null', 400, 'type', ''],
    ['row 1: a list', '/orders', '[]', 400, 'type', ''],
    ['row 1: a text', '/orders', '"x"', 400, 'type', ''],
    ['row 1: a number', '/orders', '3', 400, 'type', ''],
    ['row 2: truncated', '/orders', '{"user_id":1', 400, 'malformed_json', ''],
    ['row 2: invalid UTF-8', '/orders', Buffer.from([0x22, 0xc3, 0x28, 0x22]), 400, 'malformed_json', ''],
    ['row 3: duplicate key', '/orders', quantity('1,"quantity":9'), 400, 'duplicate_key', '/items/0/quantity'],
    ['row 8: depth 33', '/orders', '['.repeat(33), 400, 'too_deep', '/0'.repeat(32)],
    ['row 9: 100,000 items', '/orders', `[${'1,'.repeat(100_000)}1]`, 400, 'too_many_values', '/19999'],
    ['row 10: __proto__', '/orders', '{"__proto__":{"user_id":1}}', 400, 'forbidden_key', '/__proto__'],
    ['row 10: toString', '/orders', order({ toString: 1 }), 400, 'unknown_field', '/toString'],
    ['row 11: is_paid', '/orders', order({ is_paid: true }), 400, 'unknown_field', '/is_paid'],
    ['row 40: price in a line', '/orders', lineOf({ price: 1 }), 400, 'unknown_field', '/items/0/price'],
    ['row 16: quantity "5"', '/orders', quantity('"5"'), 400, 'type', '/items/0/quantity'],
    ['row 16: quantity true', '/orders', quantity('true'), 400, 'type', '/items/0/quantity'],
    ['row 16: quantity null', '/orders', quantity('null'), 400, 'type', '/items/0/quantity'],
    ['row 16: quantity [5]', '/orders', quantity('[5]'), 400, 'type', '/items/0/quantity'],
    ['row 16: quantity {}', '/orders', quantity('{}'), 400, 'type', '/items/0/quantity'],
    ['row 17: quantity 0', '/orders', quantity('0'), 422, 'range', '/items/0/quantity'],
    ['row 17: quantity -1', '/orders', quantity('-1'), 422, 'range', '/items/0/quantity'],
    ['row 17: quantity -0', '/orders', quantity('-0'), 422, 'range', '/items/0/quantity'],
    ['row 18: quantity 1.5', '/orders', quantity('1.5'), 400, 'type', '/items/0/quantity'],
    ['row 18: quantity 1.0000000001', '/orders', quantity('1.0000000001'), 400, 'type', '/items/0/quantity'],
    ['row 18: quantity 1.0', '/orders', quantity('1.0'), 200],
    ['row 19: quantity 1e9', '/orders', quantity('1e9'), 422, 'range', '/items/0/quantity'],
    ['row 19: quantity 2147483648', '/orders', quantity('2147483648'), 422, 'range', '/items/0/quantity'],
    ['row 19: quantity 1e400', '/orders', quantity('1e400'), 422, 'range', '/items/0/quantity'],
    ['row 19: quantity 9007199254740993', '/orders', quantity('9007199254740993'), 400, 'unsafe_integer', '/items/0/quantity'],
    ['row 24: an id in a body that nothing can have', '/orders', order({ user_id: 2 ** 31 }), 422, 'range', '/user_id'],
    ['row 35: items missing', '/orders', { user_id: 1 }, 400, 'required', '/items'],
    ['row 35: no items', '/orders', order({ items: [] }), 422, 'min_items', '/items'],
    ['row 35: 1,001 lines', '/orders', order({ items: Array.from({ length: 1001 }, () => line) }), 422, 'max_items', '/items'],
    ['row 35: 1,000 lines', '/orders', order({ items: Array.from({ length: 1000 }, () => line) }), 200],
    ['400 wins over 422', '/orders', { items: [{ product_id: 0, quantity: 0 }] }, 400, 'required', '/user_id'],
    ['row 20: price NaN', '/things', '{"price":NaN}', 400, 'malformed_json', ''],
    ['row 20: price "NaN"', '/things', thing({ price: 'NaN' }), 400, 'type', '/price'],
    ['row 21: price 19.999', '/things', thing({ price: 19.999 }), 422, 'precision', '/price'],
    ['row 21: price 0.005', '/things', thing({ price: 0.005 }), 422, 'precision', '/price'],
    ['row 21: price -0.01', '/things', thing({ price: -0.01 }), 422, 'range', '/price'],
    ['row 21: price 0', '/things', thing({ price: 0 }), 422, 'range', '/price'],
    ['row 21: price 1e12', '/things', thing({ price: 1e12 }), 422, 'range', '/price'],
    ['row 26: date 2026-02-30', '/cards', { number: 9999999999999, expires: '2026-02-30', kind: '+' }, 422, 'format', '/expires'],
    ['row 28: name empty', '/things', thing({ name: '' }), 422, 'too_short', '/name'],
    ['row 28: name blank', '/things', thing({ name: ' \u00a0' }), 422, 'blank', '/name'],
    ['row 28: name of 10,000', '/things', thing({ name: 'x'.repeat(10_000) }), 422, 'too_long', '/name'],
    ['row 29: U+0000', '/things', thing({ name: 'a\u0000' }), 400, 'not_text', '/name'],
    ['row 30: lone surrogate', '/things', '{"name":"\\ud800"}', 400, 'not_text', '/name'],
    ['row 31: direction override', '/things', thing({ name: 'a\u202eb' }), 422, 'unseen_characters', '/name'],
    ['row 32: script', '/things', thing({ name: '<script>' }), 200],
    ['row 33: e-mail without @', '/things', thing({ email: 'ada.example.com' }), 422, 'format', '/email'],
    ['row 33: e-mail of 400', '/things', thing({ email: `a@${'b'.repeat(400)}.com` }), 422, 'too_long', '/email'],
    ['row 33: e-mail with newline', '/things', thing({ email: 'ada@example.com\n' }), 422, 'format', '/email'],
    ['row 34: newline in a name', '/things', thing({ name: 'a\nERROR' }), 422, 'unseen_characters', '/name'],
    ['a card as number', '/cards', { number: 9999999999999, expires: '2030-01-05', kind: '+' }, 200],
    ['a card as text', '/cards', { number: '9999999999999999999', expires: '2030-01-05', kind: '-' }, 200],
    ['a card of 11 digits', '/cards', { number: 99999999999, expires: '2030-01-05', kind: '-' }, 422, 'range', '/number'],
    ['neither of a union', '/cards', { number: 9999999999999, expires: '2030-01-05', kind: '*' }, 400, 'invalid', '/kind'],
  ])('%s', async (_row, url, body, ...expected) => {
    const answer = await post(url, body)
    expect(seen(answer)).toEqual(expected)
  })

  it.each([
    [order({ items: [] }), 'at least 1 item.'],
    [order({ items: Array.from({ length: 1001 }, () => line) }), 'at most 1000 items.'],
  ])('a limit is told in words', async (body, words) => {
    expect((await post('/orders', body)).json().detail).toBe(`/items: send ${words}`)
  })

  it('thousands of faults are counted, and twenty of them listed', async () => {
    const answer = await post(
      '/orders',
      order({ items: Array.from({ length: 6_000 }, () => ({ product_id: 'x', quantity: 0 })) }),
    )
    expect(seen(answer)).toEqual([400, 'type', '/items/0/product_id'])
    expect(answer.json().errors).toHaveLength(20)
    expect(answer.json().detail).toContain('12001 faults')
  })

  it('row 6: 256 KiB are read, one byte more is 413', async () => {
    const limit = 256 * 1024
    const body = JSON.stringify(order())
    expect(seen(await post('/orders', body.padEnd(limit)))).toEqual([200])
    effects = 0
    const answer = await post('/orders', body.padEnd(limit + 1))
    expect(seen(answer)).toEqual([413])
    expect(answer.json().type).toBe('/problems/body_too_large')
  })
})

it('row 6: a Content-Length that lies is 400', async () => {
  const answer = await post('/orders', order(), { ...json, 'content-length': '3' })
  expect(seen(answer)).toEqual([400])
  expect(answer.json().type).toBe('/problems/content_length')
})

describe('media types', () => {
  it.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['application/xml', 415],
    ['application/jsonp', 415],
    ['application/json; charset=utf-16', 415],
    ['application/json; charset="iso-8859-1"', 415],
    ['nonsense', 415],
    ['application/json; charset=UTF-8', 200],
    ['application/json;charset="utf-8"', 200],
    ['Application/JSON', 200],
    ['application/json; version=1', 200],
  ])('row 4: %s', async (type, status) => {
    expect(seen(await post('/orders', order(), { 'content-type': type }))).toEqual([status])
  })

  it('row 4: a body without Content-Type is 415, no body needs none', async () => {
    expect(seen(await post('/orders', Buffer.from('{}'), {}))).toEqual([415])
    expect(seen(await app.inject({ method: 'POST', url: '/sagas/1/cancel' }))).toEqual([200])
    expect(seen(await app.inject({ method: 'DELETE', url: '/orders/1', headers: json }))).toEqual([200])
  })

  it('row 5: any Accept gets JSON', async () => {
    expect((await post('/orders', order(), { ...json, accept: 'text/html' })).headers['content-type']).toContain(
      'application/json',
    )
  })

  it.each(['gzip', 'br', 'identity', 'whatever'])('row 7: Content-Encoding %s is 415', async (encoding) => {
    expect(seen(await post('/orders', order(), { ...json, 'content-encoding': encoding }))).toEqual([415])
  })
})

describe('paths and methods', () => {
  it.each([
    ['PUT', '/orders', 405, 'GET, HEAD, POST'],
    ['OPTIONS', '/orders', 405, 'GET, HEAD, POST'],
    ['PATCH', '/orders/1', 405, 'DELETE, GET, HEAD'],
    ['TRACE', '/orders/1?x=1', 405, 'DELETE, GET, HEAD'],
    ['GET', '/nothing', 404, undefined],
    ['POST', '/orders/1/2', 404, undefined],
    ['GET', '/orders/../../etc/passwd', 404, undefined],
    ['GET', '/%2e%2e/%2e%2e', 404, undefined],
    ['GET', '/%zz', 400, undefined],
    ['GET', '/orders/%00', 400, undefined],
    ['HEAD', '/orders/1', 200, undefined],
  ])('rows 12, 13: %s %s', async (method, url, status, allow) => {
    const answer = await app.inject({ method: method as 'GET', url })
    expect([answer.statusCode, answer.headers.allow]).toEqual([status, allow])
  })

  it('row 12: a wrong path is told before a wrong body, and an override of the method is ignored', async () => {
    expect(seen(await post('/nothing', 'x', { 'content-type': 'text/plain' }))).toEqual([404])
    const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' }
    expect((await app.inject({ url: '/orders', headers })).statusCode).toBe(200)
  })

  it.each([
    'abc',
    '1.0',
    '01',
    '-1',
    '0',
    '2147483648',
    '99999999999999999999',
    '1;DROP',
    '%31%20',
    '1'.repeat(5000),
    'é',
    '+1',
    '1e3',
  ])('row 24: id %s is 400', async (id) => {
    expect(seen(await app.inject(`/orders/${encodeURIComponent(id).replaceAll('%25', '%')}`))).toEqual([400, 'format', 'id'])
  })

  it('row 13: an id longer than any URL may be is 414', async () => {
    const answer = await app.inject(`/orders/${'1'.repeat(9_000)}`)
    expect(seen(answer)).toEqual([414])
    expect(answer.json().type).toBe('/problems/url_too_long')
  })

  it.each(['1', '2147483647'])('row 24: id %s is one', async (id) => {
    expect(seen(await app.inject(`/orders/${id}`))).toEqual([200])
  })

  it.each([
    '0193E0C6-6B1A-7CC0-8F0E-000000000001',
    '{0193e0c6-6b1a-7cc0-8f0e-000000000001}',
    '01JDXYZ0000000000000000000',
    '0193e0c6-6b1a-9cc0-8f0e-000000000001',
    '0193e0c66b1a7cc08f0e000000000001',
  ])('row 25: UUID %s is 400', async (id) => {
    expect(seen(await app.inject(`/sagas/${encodeURIComponent(id)}`))).toEqual([400, 'format', 'id'])
  })

  it('row 25: a canonical UUID is one', async () => {
    expect(seen(await app.inject('/sagas/0193e0c6-6b1a-7cc0-8f0e-000000000001'))).toEqual([200])
  })

  it.each([
    ['limit=0', 'format', 'limit'],
    ['limit=-1', 'format', 'limit'],
    ['limit=1e9', 'format', 'limit'],
    ['limit=201', 'format', 'limit'],
    ['limit=', 'format', 'limit'],
    ['limit=1.5', 'format', 'limit'],
    ['limit=%00', 'format', 'limit'],
    ['limit=1&limit=9', 'type', 'limit'],
    ['limit[]=', 'unknown_field', 'limit[]'],
    ['offset=1', 'unknown_field', 'offset'],
    ['cursor=', 'too_short', 'cursor'],
    [`cursor=${'a'.repeat(513)}`, 'too_long', 'cursor'],
  ])('rows 14, 27: %s is 400', async (query, code, parameter) => {
    expect(seen(await app.inject(`/orders?${query}`))).toEqual([400, code, parameter])
  })

  it('row 27: limits 1 and 200 are right', async () => {
    for (const limit of [1, 200]) expect(seen(await app.inject(`/orders?limit=${limit}`))).toEqual([200])
  })
})

describe('hosts and origins', () => {
  it.each([
    ['localhost', 200],
    ['LOCALHOST:8080', 200],
    ['127.0.0.1:1', 200],
    ['[::1]:8080', 200],
    ['evil.example', 421],
    ['localhost.evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['127.0.0.2', 421],
    ['localhost:8080@evil.example', 421],
  ])('on loopback, Host %s gets %i', async (host, status) => {
    expect((await app.inject({ url: '/orders/1', headers: { host } })).statusCode).toBe(status)
  })

  it('elsewhere any Host is served', async () => {
    const open = createServer({ allowedHosts: 'any' })
    open.get('/', { config }, done)
    expect((await open.inject({ url: '/', headers: { host: 'store.example' } })).statusCode).toBe(200)
  })

  it.each<[Record<string, string>, number]>([
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'http://localhost:3000', host: 'localhost:8080' }, 403],
    [{ origin: 'http://localhost:8080', host: 'localhost:8080', 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
  ])('an unsafe request with %j gets %i', async (headers, status) => {
    expect(seen(await post('/orders', order(), { ...json, ...headers }))).toEqual([status])
  })

  it('a link from another page may read', async () => {
    expect((await app.inject({ url: '/orders/1', headers: { 'sec-fetch-site': 'cross-site' } })).statusCode).toBe(200)
  })

  it('every answer has the security headers', async () => {
    const [right, refused, malformed] = [await app.inject('/orders/1'), await app.inject('/nothing'), await app.inject('/%zz')]
    for (const { headers } of [right, refused, malformed]) {
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      expect(headers['content-security-policy']).toMatch(/default-src 'self'.*frame-ancestors 'none'/)
      expect(headers).not.toHaveProperty('strict-transport-security')
    }
  })
})
