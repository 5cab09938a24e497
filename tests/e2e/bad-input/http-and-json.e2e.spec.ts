import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { type BadInput, eachIsRefused, refusals } from '../../kit/bad-input.ts'
import { problemOf } from '../../kit/problem.ts'
import { exchange, head } from '../../kit/raw-http.ts'
import { order, orderOf, right, routes } from '../../kit/requests.ts'

const place = 'POST /store-api/orders'
const limit = 256 * 1024

const noObject: BadInput[] = routes.flatMap((route) =>
  [
    ['empty', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['a number', '3'],
  ].map(([what, body]): BadInput => [`row 1: ${route} with ${what}`, route, body, 400, 'type', '']),
)
const twice: BadInput[] = routes.map((route) => {
  const [name = '', value] = Object.entries(right[route])[0] ?? []
  const body = JSON.stringify(right[route]).replace('{', `{"${name}":${JSON.stringify(value)},`)
  return [`row 3: ${route} with a key twice`, route, body, 400, 'duplicate_key', `/${name}`]
})
const unknownFields: BadInput[] = routes.map((route) => [
  `row 11: ${route} with an unknown field`,
  route,
  { ...right[route], is_admin: true },
  400,
  'unknown_field',
  '/is_admin',
])
const otherTypes: BadInput[] = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/json; charset=utf-16',
].flatMap((type) =>
  routes.map(
    (route): BadInput => [
      `row 4: ${route} as ${type}`,
      route,
      JSON.stringify(right[route]),
      415,
      'unsupported_media_type',
      undefined,
      { 'content-type': type },
    ],
  ),
)

const bodies: BadInput[] = [
  ['row 2: truncated', place, '{"user_id":1', 400, 'malformed_json', ''],
  ['row 2: trailing comma', place, '{"user_id":1,}', 400, 'malformed_json', ''],
  ['row 2: comment', place, '{/*1*/"user_id":1}', 400, 'malformed_json', ''],
  ['row 2: single quotes', place, "{'user_id':1}", 400, 'malformed_json', ''],
  ['row 2: byte order mark', place, `\ufeff${orderOf('1')}`, 400, 'malformed_json', ''],
  ['row 2: trailing garbage', place, `${orderOf('1')}x`, 400, 'malformed_json', ''],
  ['row 3: a line with a key twice', place, orderOf('1,"quantity":9'), 400, 'duplicate_key', '/items/0/quantity'],
  ['row 6: one byte too much', place, orderOf('1').padEnd(limit + 1), 413, 'body_too_large'],
  ['row 7: gzip', place, gzipSync(orderOf('1')), 415, 'unsupported_encoding', undefined, { 'content-encoding': 'gzip' }],
  [
    'row 7: a gzip bomb',
    place,
    gzipSync(Buffer.alloc(1e7, ' ')),
    415,
    'unsupported_encoding',
    undefined,
    { 'content-encoding': 'gzip' },
  ],
  ['row 7: unknown encoding', place, orderOf('1'), 415, 'unsupported_encoding', undefined, { 'content-encoding': 'zip' }],
  ['row 8: depth 33', place, nested(33), 400, 'too_deep', '/0'.repeat(32)],
  ['row 8: depth 10,000', place, nested(1e4), 400, 'too_deep', '/0'.repeat(32)],
  ['row 8: depth 1,000,000', place, nested(1e6), 413, 'body_too_large'],
  [
    'row 8: depth 33 in variables of GraphQL',
    'POST /store-api/stocks/graphql-query',
    `{"query":"{ stockLevel(productId: \\"1\\") }","variables":{"v":${nested(31)}}}`,
    400,
    'too_deep',
    `/variables/v${'/0'.repeat(30)}`,
  ],
  ['row 9: 100,000 items', place, `[${'1,'.repeat(1e5)}1]`, 400, 'too_many_values', '/19999'],
  ['row 9: 100,000 keys', place, keys(1e5), 413, 'body_too_large'],
  ['row 9: as many keys as fit', place, keys(2.2e4), 400, 'too_many_values', '/k19999'],
  ['row 10: __proto__', place, '{"__proto__":{"user_id":1}}', 400, 'forbidden_key', '/__proto__'],
  ['row 10: constructor.prototype', place, '{"constructor":{"prototype":{"user_id":1}}}', 400, 'forbidden_key', '/constructor'],
  ['row 10: toString', place, order({ toString: 1 }), 400, 'unknown_field', '/toString'],
  ['row 11: is_paid of an order', place, order({ is_paid: true }), 400, 'unknown_field', '/is_paid'],
  [
    'row 11: role of a user',
    'POST /store-api/users',
    { ...right['POST /store-api/users'], role: 'operator' },
    400,
    'unknown_field',
    '/role',
  ],
]

const methods: BadInput[] = [
  ['row 12: PATCH', 'PATCH /store-api/orders', order(), 405, 'method_not_allowed'],
  ['row 12: DELETE of a list', 'DELETE /store-api/orders', undefined, 405, 'method_not_allowed'],
  ['row 12: GET of what is only made', 'GET /store-api/users', undefined, 405, 'method_not_allowed'],
  ['row 12: PUT of a payment', 'PUT /payments-api/payments/1', {}, 405, 'method_not_allowed'],
  ['row 12: OPTIONS', 'OPTIONS /store-api/orders', undefined, 405, 'method_not_allowed'],
  ['row 12: unknown path', 'GET /store-api/nothing', undefined, 404, 'unknown_path'],
  ['row 12: a path without its prefix', 'POST /orders', order(), 404, 'unknown_path'],
  [
    'row 12: an override of the method is ignored',
    'POST /saga-api/sagas',
    undefined,
    405,
    'method_not_allowed',
    undefined,
    { 'x-http-method-override': 'GET' },
  ],
  ['row 14: a parameter twice', 'GET /store-api/orders?limit=1&limit=9', undefined, 400, 'type', 'limit'],
  ['row 14: a parameter as a list', 'GET /store-api/orders?limit[]=', undefined, 400, 'unknown_field', 'limit[]'],
  ['row 14: sagas, a parameter twice', 'GET /saga-api/sagas?state=running&state=completed', undefined, 400, 'enum', 'state'],
  ['row 14: sagas, an unknown parameter', 'GET /saga-api/sagas?offset=1', undefined, 400, 'unknown_field', 'offset'],
]

refusals(
  'HTTP and JSON',
  async (shop) => void (await shop.placed([{ product_id: 2, quantity: 1 }])),
  (store) => {
    eachIsRefused(store, [...noObject, ...twice, ...unknownFields, ...otherTypes, ...bodies, ...methods])

    it('row 2: the answer tells the offset', async () => {
      const answer = await store.shop().post('/store-api/orders', '{"user_id":1,}')
      expect(answer.json()).toMatchObject({ offset: 13 })
    })

    it('row 4: a body without a type', async () => {
      const body = orderOf('1')
      const answer = await exchange(
        store.shop().url,
        head('POST', '/store-api/orders', `Content-Length: ${body.length}\r\n`) + body,
      )
      expect(problemOf(answer)).toEqual([415, 'unsupported_media_type'])
    })

    it('row 5: whatever is accepted, JSON comes', async () => {
      const answer = await store.shop().get('/store-api/orders', { accept: 'text/html' })
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
    })

    it('row 12: 405 names what is possible', async () => {
      const answer = await store.shop().send('PATCH', '/store-api/orders')
      expect(answer.headers.get('allow')).toBe('GET, HEAD, POST, PUT')
    })

    const json = 'Content-Type: application/json\r\n'
    const raw: [row: string, request: string, status: number, code: string][] = [
      [
        'row 6: a length over the limit',
        head('POST', '/store-api/orders', `${json}Content-Length: ${limit + 1}\r\n`),
        413,
        'body_too_large',
      ],
      ['row 6: chunks without end', endless(), 413, 'body_too_large'],
      ['row 12: TRACE', head('TRACE', '/store-api/orders/1001'), 405, 'method_not_allowed'],
      ['row 12: a method that nobody knows', head('BREW', '/store-api/orders'), 405, 'method_not_allowed'],
      ['row 13: ../', head('GET', '/store-api/../../etc/passwd'), 404, 'unknown_path'],
      ['row 13: %2e%2e', head('GET', '/%2e%2e/%2e%2e/etc/passwd'), 404, 'unknown_path'],
      ['row 13: ../ behind the page', head('GET', '/../package.json'), 404, 'unknown_path'],
      ['row 13: a file that is not there', head('GET', '/docs/static/nothing.js'), 404, 'unknown_path'],
      ['row 13: ..%2f behind the files', head('GET', '/docs/static/..%2f..%2fpackage.json'), 404, 'unknown_path'],
      ['row 13: %00', head('GET', '/store-api/orders/%00'), 400, 'format'],
      ['row 13: a broken escape', head('GET', '/store-api/orders/%zz'), 400, 'malformed_url'],
      ['row 13: 100 KB of URL', head('GET', `/store-api/${'x'.repeat(100_000)}`), 414, 'url_too_long'],
      ['row 13: 200 headers', head('GET', '/store-api/orders', manyHeaders(200)), 431, 'headers_too_large'],
      ['row 15: CR in a header', head('GET', '/store-api/orders', 'X-Name: a\rb: c\r\n'), 400, 'malformed_request'],
      ['row 15: a header that is not ASCII', head('GET', '/store-api/orders', 'X-Name: caf\u00e9\r\n'), 400, 'malformed_header'],
      [
        'row 15: a Host that is not this one',
        'GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\nConnection: close\r\n\r\n',
        421,
        'misdirected',
      ],
    ]
    it.each(raw)('%s', async (_row, request, status, code) => {
      const answer = await exchange(store.shop().url, request)
      expect(problemOf(answer).slice(0, 2), answer.text).toEqual([status, code])
    })

    it('row 6: a body shorter than its length', async () => {
      const request = `${head('POST', '/store-api/orders', `${json}Content-Length: 99\r\n`)}${orderOf('1')}`
      const answer = await exchange(store.shop().url, request, (socket) => socket.end())
      expect(problemOf(answer)).toEqual([400, 'malformed_request'])
    })

    it('row 15: headers that claim to be a proxy or a user are ignored', async () => {
      const claims = { 'x-forwarded-for': '8.8.8.8', 'x-forwarded-host': 'evil.example', 'x-user-id': '2', 'x-role': 'operator' }
      const plain = await store.shop().get('/store-api/orders/1001')
      expect((await store.shop().get('/store-api/orders/1001', claims)).text).toBe(plain.text)
    })
  },
)

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

function keys(count: number): string {
  return `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',')}}`
}

function manyHeaders(count: number): string {
  return Array.from({ length: count }, (_, index) => `X-${index}: 1\r\n`).join('')
}

function endless(): string {
  const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`
  return head('POST', '/store-api/orders', 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n') + chunk.repeat(9)
}
