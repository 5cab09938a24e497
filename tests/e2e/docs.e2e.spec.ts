import { describe, expect, it } from 'vitest'
import { withStore } from '../kit/suite.ts'

interface Operation {
  readonly summary?: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema: object
  }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> }
  readonly responses: Record<string, { readonly description: string }>
}
interface Document {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Record<string, Record<string, Operation>>
}

const store = withStore()
const read = async () => (await store.shop.get('/docs/json')).json<Document>()
const operations = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )

/** The routes of the contract, as clients know them. */
const contract = `
  get /store-api/health-check
  post /store-api/users
  get /store-api/users/{id}
  delete /store-api/users/{id}
  post /store-api/products
  get /store-api/products/{id}
  delete /store-api/products/{id}
  post /store-api/stocks
  put /store-api/stocks
  get /store-api/stocks/{product_id}
  get /store-api/stocks/reports/overview-stocks
  post /store-api/stocks/graphql-query
  get /store-api/orders
  post /store-api/orders
  put /store-api/orders
  get /store-api/orders/{order_id}
  delete /store-api/orders/{order_id}
  get /store-api/orders/reports/highest-spenders
  get /store-api/orders/reports/best-sellers
  get /payments-api/
  post /payments-api/payments
  get /payments-api/payments/{payment_id}
  post /payments-api/payments/{payment_id}
  post /payments-api/payments/process/{payment_id}
  put /payments-api/holds/{user_id}
  delete /payments-api/holds/{user_id}
  get /saga-api/sagas
  get /saga-api/sagas/{saga_id}`
  .trim()
  .split(/\s*\n\s*/)

describe('the OpenAPI document', () => {
  it('is of version 3.1, and names itself', async () => {
    expect(await read()).toMatchObject({
      openapi: expect.stringMatching(/^3\.1\.\d$/),
      info: { title: 'Comptoir', version: expect.any(String) },
    })
  })

  it('holds every route of the contract', async () => {
    const known = operations(await read()).map(({ path, method }) => `${method} ${path}`)
    expect(contract.filter((route) => !known.includes(route))).toEqual([])
  })

  it('each operation says what it does and what it answers, and declares exactly the parameters of its path', async () => {
    for (const { path, method, operation } of operations(await read())) {
      const name = `${method} ${path}`
      expect(operation.summary, name).toMatch(/./)
      for (const [status, { description }] of Object.entries(operation.responses)) {
        expect(status, name).toMatch(/^([1-5]\d\d|default)$/)
        expect(description, name).toEqual(expect.any(String))
      }
      expect(Object.keys(operation.responses).length, name).toBeGreaterThan(0)
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect(inPath.map((parameter) => parameter.name).sort(), name).toEqual(
        [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort(),
      )
      for (const parameter of operation.parameters ?? []) {
        expect(['path', 'query', 'header'], name).toContain(parameter.in)
        expect(parameter.schema, name).toEqual(expect.any(Object))
      }
      for (const parameter of inPath) expect(parameter.required, name).toBe(true)
      if (operation.requestBody) expect(Object.keys(operation.requestBody.content), name).toEqual(['application/json'])
    }
  })

  it('F49: shows where an ETag comes from, and what it is good for', async () => {
    const { paths } = await read()
    const level = paths['/store-api/stocks/{product_id}']?.get?.responses[200] as { headers?: object } | undefined
    expect(level?.headers).toHaveProperty('ETag')
    for (const method of ['post', 'put']) {
      const edit = paths['/store-api/stocks']?.[method]
      expect(edit?.parameters).toContainEqual(expect.objectContaining({ in: 'header', name: 'if-match', required: false }))
      expect(edit?.responses).toHaveProperty('412')
    }
  })

  it('refers to nothing that is not in it, and has no operation id twice', async () => {
    const document = await read()
    const text = JSON.stringify(document)
    for (const [, reference = ''] of text.matchAll(/"\$ref":"([^"]+)"/g)) {
      const parts = reference.replace(/^#\//, '').split('/')
      const found = parts.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document)
      expect(found, reference).toBeDefined()
    }
    const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })
})
