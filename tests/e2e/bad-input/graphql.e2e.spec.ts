import { expect, it } from 'vitest'
import { eachIsRefused, refusals } from '../../kit/bad-input.ts'

const path = '/store-api/stocks/graphql-query'
const one = '{ stockLevel(productId: "1") }'

const aliases = (count: number) =>
  `{ ${Array.from({ length: count }, (_, index) => `a${index}: stockLevel(productId: "1")`).join(' ')} }`
const deep = (depth: number) => `{ product(id: "1") ${'{ name '.repeat(depth)}${'}'.repeat(depth)} }`

/** What is refused before anything is executed, as GraphQL over HTTP asks. */
const refused: [row: string, query: string, variables?: unknown][] = [
  ['row 56: depth 50', deep(50)],
  ['row 56: 1,000 aliases', aliases(1_000)],
  ['row 56: 16 aliases', aliases(16)],
  [
    'row 56: a cycle of fragments',
    'query { product(id: "1") { ...A } } fragment A on Product { ...B } fragment B on Product { ...A }',
  ],
  ['row 56: a fragment that spreads itself', 'query { product(id: "1") { ...A } } fragment A on Product { name ...A }'],
  ['row 56: 250 KB of query', `{ ${'name '.repeat(50_000)} }`],
  ['row 57: a mutation', 'mutation { stockLevel(productId: "1") }'],
  ['row 57: a subscription', 'subscription { stockLevel(productId: "1") }'],
  ['row 57: introspection of the schema', '{ __schema { types { name } } }'],
  ['row 57: introspection of a type', '{ __type(name: "Product") { name } }'],
  ['row 57: a field that is nearly right', '{ stockLevl(productId: "1") }'],
  ['row 58: a variable of the wrong type', 'query ($id: String!) { product(id: $id) { name } }', { id: 5 }],
  ['row 58: a variable that is missing', 'query ($id: String!) { product(id: $id) { name } }', {}],
  ['row 58: no variables at all', 'query ($id: String!) { product(id: $id) { name } }', null],
  ['row 58: an argument of the wrong type', '{ product(id: 5) { name } }'],
  ['row 58: an argument that is missing', '{ product { name } }'],
  ['row 58: an unknown field', '{ product(id: "1") { name password } }'],
  ['row 58: no query', ''],
  ['row 58: not GraphQL', 'select * from users'],
  ['row 58: two operations, none of them named', `query A ${one} query B ${one}`],
]

refusals(
  'GraphQL',
  async () => {},
  (store) => {
    it.each(refused)('%s', async (_row, query, variables) => {
      const answer = await store.shop().post(path, variables === undefined ? { query } : { query, variables })
      expect([answer.status, answer.headers.get('content-type')], answer.text).toEqual([
        400,
        'application/graphql-response+json; charset=utf-8',
      ])
      const body = answer.json<{ errors: { message: string }[]; data?: unknown }>()
      expect(body.data).toBeUndefined()
      expect(body.errors.length).toBeGreaterThan(0)
      expect(answer.text).not.toMatch(/did you mean|stacktrace|node_modules|\.ts:/i)
    })

    eachIsRefused(store, [
      ['row 56: a batch of 100', `POST ${path}`, Array(100).fill({ query: one }), 400, 'type', ''],
      ['row 56: 1 MB of query', `POST ${path}`, { query: `{ ${' '.repeat(1e6)} }` }, 413, 'body_too_large'],
      ['row 57: a query by GET', `GET ${path}?query=${encodeURIComponent(one)}`, undefined, 405, 'method_not_allowed'],
      ['row 57: a mutation by GET', `GET ${path}?query=mutation`, undefined, 405, 'method_not_allowed'],
      ['row 58: variables as text', `POST ${path}`, { query: one, variables: '{}' }, 400, 'type', '/variables'],
      ['row 58: variables as a list', `POST ${path}`, { query: one, variables: [] }, 400, 'type', '/variables'],
      ['row 58: a query that is no text', `POST ${path}`, { query: 5 }, 400, 'type', '/query'],
    ])
  },
)
