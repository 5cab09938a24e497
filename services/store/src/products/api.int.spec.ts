import { createServer } from '@comptoir/http'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OPENING_MS, openScratchStore, type ScratchStore } from '../seed/scratch-store.fixture.ts'
import { setStock } from '../stock/commands.ts'
import { productsApi } from './api.ts'

let store: ScratchStore
let app: FastifyInstance
beforeAll(async () => {
  store = await openScratchStore()
  app = createServer({ allowedHosts: 'any' })
  await app.register(productsApi(store.work))
}, OPENING_MS)
beforeEach(() => store.clear())
afterAll(async () => {
  await app.close()
  await store.close()
})

const postText = (body: string) =>
  app.inject({ method: 'POST', url: '/products', body, headers: { 'content-type': 'application/json' } })
const post = (body: unknown) => postText(JSON.stringify(body))
const pen = { name: 'Pen', sku: 'PN1', price: 19.99 }

test('POST, GET and DELETE of a product', async () => {
  const created = await post(pen)
  expect([created.statusCode, created.json()]).toEqual([201, { product_id: 1 }])
  const read = await app.inject('/products/1')
  expect([read.statusCode, read.json()]).toEqual([200, { id: 1, ...pen }])
  const deleted = await app.inject({ method: 'DELETE', url: '/products/1' })
  expect([deleted.statusCode, deleted.json()]).toEqual([200, { deleted: true }])
  expect((await app.inject('/products/1')).statusCode).toBe(404)
})

test.each([0.01, 0.1, 1.1, 19.99, 1999.99, 4.35, 1_000_000_000])(
  'a price of %d is stored to the cent and read back',
  async (price) => {
    expect((await post({ ...pen, price })).statusCode).toBe(201)
    expect((await app.inject('/products/1')).json()).toMatchObject({ price })
    const [row] = await store.work.query<{ price: number }>('select price from store.products')
    expect(row?.price).toBe(Math.round(price * 100))
  },
)

test('DELETE of an unknown product says deleted: false', async () => {
  const answer = await app.inject({ method: 'DELETE', url: '/products/7' })
  expect(answer.statusCode).toBe(404)
  expect(answer.json()).toMatchObject({ deleted: false, type: '/problems/unknown_product' })
})

test('row 44: DELETE of a product with stock, or with orders, is 409', async () => {
  await post(pen)
  await setStock(store.work, { product_id: 1, quantity: 1 })
  const stocked = await app.inject({ method: 'DELETE', url: '/products/1' })
  expect([stocked.statusCode, stocked.json<{ type: string }>().type]).toEqual([409, '/problems/product_in_stock'])
  await store.work.query('update store.products set ordered = true')
  const ordered = await app.inject({ method: 'DELETE', url: '/products/1' })
  expect([ordered.statusCode, ordered.json<{ type: string }>().type]).toEqual([409, '/problems/product_ordered'])
})

test('row 47: two requests at once with one sku: one 201, one 409', async () => {
  const answers = await Promise.all([post(pen), post(pen)])
  expect(answers.map((answer) => answer.statusCode).sort()).toEqual([201, 409])
  const refused = answers.find((answer) => answer.statusCode === 409)
  expect(refused?.json()).toMatchObject({ errors: [{ pointer: '/sku', code: 'sku_taken' }] })
})

test('row 31: composed and decomposed letters, and blanks around them, are the same sku', async () => {
  await post({ ...pen, sku: 'CAF\u00c9' })
  expect((await post({ ...pen, sku: ' CAFE\u0301 ' })).statusCode).toBe(409)
})

describe('bad input is refused and adds no product', () => {
  const withPrice = (price: string): string => `{"name":"Pen","sku":"PN1","price":${price}}`
  test.each<[name: string, body: string, status: number]>([
    ['sku missing', JSON.stringify({ name: 'Pen', price: 1 }), 400],
    ['row 11: an id', JSON.stringify({ ...pen, id: 5 }), 400],
    ['row 16: price "5"', withPrice('"5"'), 400],
    ['row 16: price true', withPrice('true'), 400],
    ['row 16: price null', withPrice('null'), 400],
    ['row 16: price [5]', withPrice('[5]'), 400],
    ['row 16: price {}', withPrice('{}'), 400],
    ['row 17: price 0', withPrice('0'), 422],
    ['row 17: price -0', withPrice('-0'), 422],
    ['row 19: price 1e400', withPrice('1e400'), 422],
    ['row 19: price 9007199254740993', withPrice('9007199254740993'), 400],
    ['row 20: price NaN', withPrice('NaN'), 400],
    ['row 20: price Infinity', withPrice('Infinity'), 400],
    ['row 20: price "NaN"', withPrice('"NaN"'), 400],
    ['row 21: price 19.999', withPrice('19.999'), 422],
    ['row 21: price 0.005', withPrice('0.005'), 422],
    ['row 21: price -0.01', withPrice('-0.01'), 422],
    ['row 21: price 1e12', withPrice('1e12'), 422],
    ['row 21: price 1000000000.01', withPrice('1000000000.01'), 422],
    ['row 28: name of blanks', JSON.stringify({ ...pen, name: ' \t' }), 422],
    ['row 28: sku of 10,000 characters', JSON.stringify({ ...pen, sku: 'x'.repeat(10_000) }), 422],
    ['row 29: U+0000 in the sku', JSON.stringify({ ...pen, sku: 'a\0' }), 400],
    ['row 30: a lone surrogate in the sku', JSON.stringify({ ...pen, sku: '\udc00' }), 400],
    ['row 31: a zero-width space in the sku', JSON.stringify({ ...pen, sku: 'PN\u200b1' }), 422],
  ])('%s', async (_name, body, status) => {
    const answer = await postText(body)
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(await store.work.query('select id from store.products')).toEqual([])
  })
})

test.each(['abc', '1.0', '01', '-1', '0', '2147483648', '1;DROP'])('row 24: GET and DELETE /products/%s are 400', async (id) => {
  expect((await app.inject(`/products/${id}`)).statusCode).toBe(400)
  expect((await app.inject({ method: 'DELETE', url: `/products/${id}` })).statusCode).toBe(400)
})
