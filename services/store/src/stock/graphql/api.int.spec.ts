import { createServer } from '@comptoir/http'
import type { Work } from '@comptoir/runtime'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OPENING_MS, openScratchStore, type ScratchStore } from '../../seed/scratch-store.fixture.ts'
import { seedStore } from '../../seed/seed.ts'
import { graphqlApi } from './api.ts'

let store: ScratchStore
let app: FastifyInstance
const statements: string[] = []
beforeAll(async () => {
  store = await openScratchStore()
  await seedStore(store.work)
  await store.reads.reached(
    'stock',
    [1, 2, 3].map((id) => ({ id, version: 1 })),
  )
  app = createServer({ allowedHosts: 'any' })
  await app.register(graphqlApi(counting(store.work), store.reads))
}, OPENING_MS)
beforeEach(() => {
  statements.length = 0
})
afterAll(async () => {
  await app.close()
  await store.close()
})

test('row 19: a level above what GraphQL can say, because reservations came back, shows as the highest it can', async () => {
  await store.work.query('update store.stocks set quantity = 2147483657 where product_id = 9')
  const query = '{ stockLevel(productId: "9") product(id: "9") { quantity } }'
  const answer = await app.inject({ method: 'POST', url: '/stocks/graphql-query', payload: { query } })
  expect(answer.json()).toEqual({ data: { stockLevel: 2_147_483_647, product: { quantity: 2_147_483_647 } }, errors: null })
})

function counting(work: Work): Work {
  return {
    name: work.name,
    query(text, values) {
      statements.push(text)
      return work.query(text, values)
    },
    transaction: (run) => work.transaction(run),
  }
}

const sendText = (body: string) =>
  app.inject({ method: 'POST', url: '/stocks/graphql-query', body, headers: { 'content-type': 'application/json' } })
const ask = (query: string, variables?: unknown) =>
  sendText(JSON.stringify({ query, ...(variables !== undefined && { variables }) }))

describe('a query that is executed', () => {
  test('answers the fields of products and levels, with errors null', async () => {
    const answer = await ask('{ product(id: "3") { id name sku price quantity } stockLevel(productId: "1") }')
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-type']).toContain('application/json')
    expect(answer.json()).toEqual({
      data: { product: { id: 3, name: 'Gadget XYZ', sku: 'GG12345', price: 5.75, quantity: 2 }, stockLevel: 1000 },
      errors: null,
    })
  })

  test('takes variables, and null for none', async () => {
    const query = 'query Level($id: String!) { stockLevel(productId: $id) }'
    expect((await ask(query, { id: '2' })).json()).toEqual({ data: { stockLevel: 500 }, errors: null })
    expect((await ask('{ stockLevel(productId: "2") }', null)).json()).toEqual({ data: { stockLevel: 500 }, errors: null })
  })

  test.each(['99', '0', '01', 'abc', '2147483648', '99999999999999999999', "1' or 1=1"])(
    'id %s is an unknown product',
    async (id) => {
      const answer = await ask('query Q($id: String!) { product(id: $id) { name } stockLevel(productId: $id) }', { id })
      expect(answer.json()).toEqual({ data: { product: null, stockLevel: 0 }, errors: null })
    },
  )

  test('reads the level from the read model', async () => {
    await store.work.query('update store_view.stock set quantity = 77 where product_id = 2')
    const answer = await ask('{ stockLevel(productId: "2") product(id: "2") { quantity } }')
    expect(answer.json()).toEqual({ data: { stockLevel: 77, product: { quantity: 77 } }, errors: null })
    await store.work.query('update store_view.stock set quantity = 500 where product_id = 2')
  })

  test('asks the database once for all products and once for all their levels', async () => {
    const fields = [1, 2, 3, 2].map((id, i) => `p${i}: product(id: "${id}") { name quantity }`)
    expect((await ask(`{ ${fields.join(' ')} }`)).statusCode).toBe(200)
    expect(statements).toHaveLength(2)
  })
})

describe('a query that is refused is 400 and asks the database nothing', () => {
  const aliases = (count: number): string =>
    Array.from({ length: count }, (_, i) => `a${i}: stockLevel(productId: "1")`).join(' ')
  const nested = (depth: number): string => '{ product(id: "1") '.repeat(depth) + '}'.repeat(depth)

  test.each<[name: string, query: string, variables?: unknown]>([
    ['row 56: depth 50', nested(50)],
    ['row 56: 1,000 aliases', `{ ${aliases(1000)} }`],
    ['row 56: 16 aliases', `{ ${aliases(16)} }`],
    ['row 56: more than 1,000 tokens', `{ ${'stockLevel '.repeat(1001)} }`],
    ['row 56: 201 fields', `{ product(id: "1") { ${'name '.repeat(201)} } }`],
    [
      'row 56: a cycle of fragments',
      '{ product(id: "1") { ...A } } fragment A on Product { ...B } fragment B on Product { ...A }',
    ],
    ['row 57: a mutation', 'mutation { stockLevel(productId: "1") }'],
    ['row 57: a subscription', 'subscription { stockLevel(productId: "1") }'],
    ['row 57: introspection of the schema', '{ __schema { types { name } } }'],
    ['row 57: introspection of a type', '{ __type(name: "Product") { name } }'],
    ['row 58: variable of a wrong type', 'query Q($id: String!) { stockLevel(productId: $id) }', { id: 5 }],
    ['row 58: missing variable', 'query Q($id: String!) { stockLevel(productId: $id) }'],
    ['row 58: unknown field', '{ stockLevels }'],
    ['row 58: unknown argument', '{ stockLevel(product: "1") }'],
    ['not GraphQL', 'select * from users'],
    ['empty', ''],
    ['two operations', 'query A { stockLevel(productId: "1") } query B { stockLevel(productId: "2") }'],
  ])('%s', async (_name, query, variables) => {
    const answer = await ask(query, variables)
    expect(answer.statusCode).toBe(400)
    expect(answer.headers['content-type']).toBe('application/graphql-response+json; charset=utf-8')
    const body = answer.json<{ errors: { message: string }[] }>()
    expect(Object.keys(body)).toEqual(['errors'])
    expect(body.errors.length).toBeGreaterThan(0)
    expect(answer.body).not.toMatch(/node_modules|select |store_view/)
    expect(statements).toEqual([])
  })

  test('row 57: no field is suggested', async () => {
    expect((await ask('{ product(id: "1") { pric } }')).body).not.toMatch(/did you mean/i)
    expect((await ask('query Q($id: Strin!) { stockLevel(productId: $id) }', { id: '1' })).body).not.toMatch(/did you mean/i)
  })
})

describe('a body that holds no query is a problem', () => {
  test.each<[name: string, body: string]>([
    ['row 56: a batch', JSON.stringify(Array.from({ length: 100 }, () => ({ query: '{ stockLevel(productId: "1") }' })))],
    ['query missing', '{}'],
    ['row 16: query a number', '{"query":5}'],
    ['variables a text', '{"query":"{ stockLevel(productId: \\"1\\") }","variables":"{}"}'],
    ['row 11: an extra field', '{"query":"{ stockLevel(productId: \\"1\\") }","role":"operator"}'],
  ])('%s', async (_name, body) => {
    const answer = await sendText(body)
    expect(answer.statusCode).toBe(400)
    expect(answer.headers['content-type']).toBe('application/problem+json')
  })

  test('row 56: 1 MB of query is 413', async () => {
    expect((await ask(`{ stockLevel(productId: "${'1'.repeat(1024 * 1024)}") }`)).statusCode).toBe(413)
  })

  test('row 57: GET is 405', async () => {
    const answer = await app.inject('/stocks/graphql-query?query=mutation{x}')
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST'])
  })
})
