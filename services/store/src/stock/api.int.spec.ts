import { createServer } from '@comptoir/http'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OPENING_MS, openScratchStore, type ScratchStore } from '../seed/scratch-store.fixture.ts'
import { seedStore } from '../seed/seed.ts'
import { stockApi } from './api.ts'

let store: ScratchStore
let app: FastifyInstance
beforeAll(async () => {
  store = await openScratchStore()
  app = createServer({ allowedHosts: 'any' })
  await app.register(stockApi(store.work, store.reads))
}, OPENING_MS)
beforeEach(async () => {
  await store.clear()
  await seedStore(store.work)
})
afterAll(async () => {
  await app.close()
  await store.close()
})

const sendText = (method: 'POST' | 'PUT', body: string) =>
  app.inject({ method, url: '/stocks', body, headers: { 'content-type': 'application/json' } })
const send = (method: 'POST' | 'PUT', body: unknown) => sendText(method, JSON.stringify(body))
const levelOf = async (id: number): Promise<unknown> => (await app.inject(`/stocks/${id}`)).json()
const addProduct = () => store.work.query(`insert into store.products (name, sku, price) values ('Pen', 'PN1', 250)`)

test('POST /stocks tells the first setting from later ones', async () => {
  await addProduct()
  const first = await send('POST', { product_id: 17, quantity: 8 })
  expect([first.statusCode, first.json()]).toEqual([201, { result: 'rows added: 17' }])
  const second = await send('POST', { product_id: 17, quantity: 3 })
  expect([second.statusCode, second.json()]).toEqual([201, { result: 'rows updated: 1' }])
  expect(await levelOf(17)).toEqual({ product_id: 17, quantity: 3 })
})

test('PUT /stocks adds and takes', async () => {
  const added = await send('PUT', { items: [{ product_id: 3, quantity: 4 }], operation: '+' })
  expect([added.statusCode, added.json()]).toEqual([200, { result: 'OK' }])
  await send('PUT', { items: [{ product_id: 3, quantity: 5 }], operation: '-' })
  expect(await levelOf(3)).toEqual({ product_id: 3, quantity: 1 })
})

test('the answer to a write waits until the version it wrote can be read', async () => {
  await send('POST', { product_id: 3, quantity: 9 })
  await send('PUT', { items: [{ product_id: 3, quantity: 1 }], operation: '-' })
  const [row] = await store.work.query<{ version: number }>('select version from store.stocks where product_id = 3')
  expect(store.awaited.map(({ id }) => id)).toEqual([3, 3])
  expect(store.awaited.at(-1)?.version).toBe(row?.version)
})

describe('GET /stocks/:product_id', () => {
  test('reads the read model, and the write side where that has nothing', async () => {
    expect(await levelOf(4)).toEqual({ product_id: 4, quantity: 90 })
    await store.reads.reached('stock', [{ id: 4, version: 1 }])
    await store.work.query('update store_view.stock set quantity = 89')
    expect(await levelOf(4)).toEqual({ product_id: 4, quantity: 89 })
  })

  test('is 404 for an unknown product and for one without a stock level', async () => {
    await addProduct()
    expect((await app.inject('/stocks/17')).statusCode).toBe(404)
    expect((await app.inject('/stocks/18')).statusCode).toBe(404)
  })

  test.each(['abc', '1.0', '01', '-1', '0', '2147483648', '99999999999999999999', '1;DROP'])('row 24: %s is 400', async (id) => {
    expect((await app.inject(`/stocks/${id}`)).statusCode).toBe(400)
  })
})

test('the overview has the columns of the contract, ordered by product, and reads what the read model lacks from the write side', async () => {
  await store.reads.reached(
    'stock',
    [3, 1].map((id) => ({ id, version: 1 })),
  )
  await store.work.query('update store_view.stock set quantity = 1 where product_id = 3')
  await store.work.query('delete from store.stocks where product_id > 3')
  const answer = await app.inject('/stocks/reports/overview-stocks')
  expect(answer.json()).toEqual([
    { Article: 'Laptop ABC', 'Numéro SKU': 'LP12567', 'Prix unitaire': 1999.99, 'Unités en stock': 1000 },
    { Article: 'Keyboard DEF', 'Numéro SKU': 'KB67890', 'Prix unitaire': 59.5, 'Unités en stock': 500 },
    { Article: 'Gadget XYZ', 'Numéro SKU': 'GG12345', 'Prix unitaire': 5.75, 'Unités en stock': 1 },
  ])
})

describe('refusals point at the lines to blame', () => {
  test('too little: 409, names the products', async () => {
    const items = [1, 3, 4].map((product_id) => ({ product_id, quantity: 95 }))
    const answer = await send('PUT', { items, operation: '-' })
    expect(answer.statusCode).toBe(409)
    expect(answer.json()).toMatchObject({
      type: '/problems/not_enough_stock',
      detail: expect.stringContaining('products 3, 4'),
      errors: [{ pointer: '/items/1/quantity' }, { pointer: '/items/2/quantity' }],
    })
    expect(await levelOf(1)).toEqual({ product_id: 1, quantity: 1000 })
  })

  test('too much: 422', async () => {
    const answer = await send('PUT', { items: [{ product_id: 3, quantity: 2_147_483_647 }], operation: '+' })
    expect(answer.statusCode).toBe(422)
    expect(answer.json()).toMatchObject({ errors: [{ pointer: '/items/0/quantity', code: 'level_too_high' }] })
  })

  test('row 37: an unknown product among known ones: 422', async () => {
    const items = [1, 99].map((product_id) => ({ product_id, quantity: 1 }))
    const answer = await send('PUT', { items, operation: '+' })
    expect(answer.statusCode).toBe(422)
    expect(answer.json()).toMatchObject({ errors: [{ pointer: '/items/1/product_id', code: 'unknown_product' }] })
    expect(await levelOf(1)).toEqual({ product_id: 1, quantity: 1000 })
  })

  test('row 45: the level of an unknown product: 404', async () => {
    const answer = await send('POST', { product_id: 99, quantity: 1 })
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toMatchObject({ errors: [{ pointer: '/product_id', code: 'unknown_product' }] })
  })
})

describe('bad input is refused and moves no stock', () => {
  const level = (quantity: string): ['POST', string] => ['POST', `{"product_id":3,"quantity":${quantity}}`]
  const line = (quantity: string): ['PUT', string] => [
    'PUT',
    `{"items":[{"product_id":3,"quantity":${quantity}}],"operation":"+"}`,
  ]
  const items = (text: string, operation = '"+"'): ['PUT', string] => ['PUT', `{"items":${text},"operation":${operation}}`]

  test.each<[name: string, request: ['POST' | 'PUT', string], status: number]>([
    ['row 11: an extra field', ['POST', '{"product_id":3,"quantity":1,"price":1}'], 400],
    ['row 11: an extra field in a line', items('[{"product_id":3,"quantity":1,"price":1}]'), 400],
    ...['"5"', 'true', 'null', '[5]', '{}'].flatMap((value): [string, ['POST' | 'PUT', string], number][] => [
      [`row 16: level ${value}`, level(value), 400],
      [`row 16: quantity ${value}`, line(value), 400],
    ]),
    ['row 17: quantity 0', line('0'), 422],
    ['row 17: quantity -0', line('-0'), 422],
    ['row 17: quantity -1', line('-1'), 422],
    ['row 18: quantity 1.5', line('1.5'), 400],
    ['row 18: quantity 1.0000000001', line('1.0000000001'), 400],
    ['row 19: quantity 2147483648', line('2147483648'), 422],
    ['row 19: level 2147483648', level('2147483648'), 422],
    ['row 19: level 9007199254740993', level('9007199254740993'), 400],
    ['row 35: items missing', ['PUT', '{"operation":"+"}'], 400],
    ['row 35: no items', items('[]'), 422],
    ['row 35: 1,001 lines', items(JSON.stringify(Array.from({ length: 1001 }, () => ({ product_id: 3, quantity: 1 })))), 422],
    ['operation missing', ['PUT', '{"items":[{"product_id":3,"quantity":1}]}'], 400],
    ['operation *', items('[{"product_id":3,"quantity":1}]', '"*"'), 400],
    ['operation + 1; drop table', items('[{"product_id":3,"quantity":1}]', '"+ 1; drop table store.stocks --"'), 400],
    ['product 0', items('[{"product_id":0,"quantity":1}]'), 422],
    ['product 2147483648', ['POST', '{"product_id":2147483648,"quantity":1}'], 422],
    ['row 45: level -1', level('-1'), 422],
  ])('%s', async (_name, [method, body], status) => {
    const answer = await sendText(method, body)
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(await levelOf(3)).toEqual({ product_id: 3, quantity: 2 })
  })

  test('row 18: quantity 1.0 is 1', async () => {
    const [method, body] = line('1.0')
    expect((await sendText(method, body)).statusCode).toBe(200)
    expect(await levelOf(3)).toEqual({ product_id: 3, quantity: 3 })
  })
})
