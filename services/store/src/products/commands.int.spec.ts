import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OPENING_MS, openScratchStore, type ScratchStore } from '../seed/scratch-store.fixture.ts'
import { setStock } from '../stock/commands.ts'
import { createProduct, deleteProduct } from './commands.ts'
import { findProducts } from './queries.ts'

let store: ScratchStore
beforeAll(async () => {
  store = await openScratchStore()
}, OPENING_MS)
beforeEach(() => store.clear())
afterAll(() => store.close())

const pen = { name: 'Pen', sku: 'PN1', price: 250 }

describe('createProduct', () => {
  test('adds a product without a stock level', async () => {
    expect(await createProduct(store.work, pen)).toEqual({ kind: 'created', id: 1 })
    expect(await findProducts(store.work, [1, 2])).toEqual([{ id: 1, ...pen }])
    expect(await store.work.query('select * from store.stocks')).toEqual([])
  })

  test('row 47: of twenty at once with one sku, one is created', async () => {
    const creations = await Promise.all(Array.from({ length: 20 }, () => createProduct(store.work, pen)))
    expect(creations.filter(({ kind }) => kind === 'created')).toHaveLength(1)
    expect(creations.filter(({ kind }) => kind === 'sku_taken')).toHaveLength(19)
  })
})

describe('deleteProduct', () => {
  beforeEach(() => createProduct(store.work, pen))

  test('removes a product that never had stock, once, and tells no projection', async () => {
    expect(await deleteProduct(store.work, 1)).toBe('deleted')
    expect(await deleteProduct(store.work, 1)).toBe('unknown')
    expect(await store.changes()).toEqual([])
  })

  test('removes its stock level of 0 with it, keeps the ledger, and tells the projection', async () => {
    await setStock(store.work, { product_id: 1, quantity: 3 })
    await setStock(store.work, { product_id: 1, quantity: 0 })
    expect(await deleteProduct(store.work, 1)).toBe('deleted')
    expect(await store.work.query('select * from store.stocks')).toEqual([])
    expect(await store.work.query('select delta from store.stock_ledger order by delta')).toEqual([{ delta: -3 }, { delta: 3 }])
    expect(await store.changes()).toEqual([{ stock: [1] }, { stock: [1] }, { product: [1] }])
  })

  test('row 44: keeps a product with stock', async () => {
    await setStock(store.work, { product_id: 1, quantity: 1 })
    expect(await deleteProduct(store.work, 1)).toBe('in_stock')
    expect(await findProducts(store.work, [1])).toHaveLength(1)
    expect(await store.work.query('select quantity from store.stocks')).toEqual([{ quantity: 1 }])
  })

  test('row 44: keeps a product that was ordered, and its level of 0', async () => {
    await setStock(store.work, { product_id: 1, quantity: 0 })
    await store.work.query('update store.products set ordered = true')
    expect(await deleteProduct(store.work, 1)).toBe('ordered')
    expect(await store.work.query('select quantity from store.stocks')).toEqual([{ quantity: 0 }])
  })
})
