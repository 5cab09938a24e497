import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProduct } from '../products/commands.ts'
import { OPENING_MS, openScratchStore, type ScratchStore } from '../seed/scratch-store.fixture.ts'
import { adjustStock, setStock } from './commands.ts'
import { HIGHEST_LEVEL } from './levels.ts'

let store: ScratchStore
beforeAll(async () => {
  store = await openScratchStore()
}, OPENING_MS)
beforeEach(async () => {
  await store.clear()
  for (const sku of ['A', 'B', 'C']) await createProduct(store.work, { name: `Product ${sku}`, sku, price: 100 })
})
afterAll(() => store.close())

const levels = async (): Promise<Record<number, number>> => {
  const rows = await store.work.query<{ product_id: number; quantity: number }>('select product_id, quantity from store.stocks')
  return Object.fromEntries(rows.map(({ product_id, quantity }) => [product_id, quantity]))
}
/** By transaction: of two within a millisecond the embedded database's clock says the same. */
const ledger = () =>
  store.work.query('select product_id, kind, delta from store.stock_ledger order by xmin::text::bigint, product_id, delta')

/** I1: every level is the sum of its ledger. */
const unprovenLevels = () =>
  store.work.query(`
    select s.product_id from store.stocks s
    where quantity <> (select coalesce(sum(delta), 0) from store.stock_ledger l where l.product_id = s.product_id)`)

describe('setStock', () => {
  test('adds a level, later sets it anew, and enters the differences into the ledger', async () => {
    const first = await setStock(store.work, { product_id: 1, quantity: 10 })
    const second = await setStock(store.work, { product_id: 1, quantity: 4 })
    expect([first.kind, second.kind]).toEqual(['added', 'updated'])
    expect(await levels()).toEqual({ 1: 4 })
    expect(await ledger()).toEqual([
      { product_id: 1, kind: 'set', delta: 10 },
      { product_id: 1, kind: 'set', delta: -6 },
    ])
    expect(await store.changes()).toEqual([{ stock: [1] }, { stock: [1] }])
  })

  test('each write has a higher version, which is the stored one', async () => {
    const versions: number[] = []
    for (const quantity of [1, 2, 2]) {
      const setting = await setStock(store.work, { product_id: 1, quantity })
      if ('versions' in setting) versions.push(...setting.versions.map(({ version }) => version))
    }
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
    expect(versions).toHaveLength(3)
    expect(await store.work.query('select version from store.stocks')).toEqual([{ version: versions.at(-1) }])
  })

  test('row 45: an unknown product is refused and nothing is written', async () => {
    expect(await setStock(store.work, { product_id: 9, quantity: 1 })).toEqual({ kind: 'unknown_product' })
    expect(await ledger()).toEqual([])
    expect(await store.changes()).toEqual([])
  })

  test('I1: of many first settings at once, one adds and the ledger proves the last', async () => {
    const settings = await Promise.all(Array.from({ length: 20 }, (_, i) => setStock(store.work, { product_id: 1, quantity: i })))
    expect(settings.filter(({ kind }) => kind === 'added')).toHaveLength(1)
    expect(await unprovenLevels()).toEqual([])
  })
})

describe('adjustStock', () => {
  beforeEach(async () => {
    await setStock(store.work, { product_id: 1, quantity: 10 })
    await setStock(store.work, { product_id: 2, quantity: 5 })
  })

  test('adds and takes', async () => {
    await adjustStock(store.work, [{ product_id: 1, quantity: 3 }], '+')
    await adjustStock(
      store.work,
      [
        { product_id: 2, quantity: 5 },
        { product_id: 1, quantity: 1 },
      ],
      '-',
    )
    expect(await levels()).toEqual({ 1: 12, 2: 0 })
    expect(await unprovenLevels()).toEqual([])
    expect((await store.changes()).slice(2)).toEqual([{ stock: [1] }, { stock: [2, 1] }])
  })

  test('row 36: lines of one product are added up before they are weighed against the stock', async () => {
    const lines = [
      { product_id: 2, quantity: 3 },
      { product_id: 2, quantity: 3 },
    ]
    expect(await adjustStock(store.work, lines, '-')).toEqual({ kind: 'not_enough_stock', products: [2] })
    await adjustStock(store.work, lines, '+')
    expect(await levels()).toEqual({ 1: 10, 2: 11 })
  })

  test('a product without a level counts as 0: it is opened by adding, and nothing can be taken', async () => {
    expect(await adjustStock(store.work, [{ product_id: 3, quantity: 1 }], '-')).toEqual({
      kind: 'not_enough_stock',
      products: [3],
    })
    expect(await levels()).toEqual({ 1: 10, 2: 5 })
    await adjustStock(store.work, [{ product_id: 3, quantity: 7 }], '+')
    expect(await levels()).toEqual({ 1: 10, 2: 5, 3: 7 })
    expect(await unprovenLevels()).toEqual([])
  })

  test.each<[name: string, operation: '+' | '-', quantity: number, kind: string, second: number]>([
    ['too little stock of one', '-', 6, 'not_enough_stock', 2],
    ['row 19: a level above what an int holds', '+', HIGHEST_LEVEL, 'level_too_high', 2],
    ['row 37: an unknown product', '+', 1, 'unknown_product', 9],
  ])('%s refuses all lines and changes nothing', async (_name, operation, quantity, kind, second) => {
    const before = [await levels(), await ledger(), await store.changes()]
    const lines = [
      { product_id: 3, quantity: operation === '+' ? 1 : 0 },
      { product_id: second, quantity },
    ]
    expect(await adjustStock(store.work, lines, operation)).toEqual({ kind, products: [second] })
    expect([await levels(), await ledger(), await store.changes()]).toEqual(before)
  })

  test('I2: thirty at once take one each of ten: ten succeed', async () => {
    const taking = Array.from({ length: 30 }, () => adjustStock(store.work, [{ product_id: 1, quantity: 1 }], '-'))
    const kinds = (await Promise.all(taking)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'adjusted')).toHaveLength(10)
    expect(kinds.filter((kind) => kind === 'not_enough_stock')).toHaveLength(20)
    expect(await levels()).toEqual({ 1: 0, 2: 5 })
    expect(await unprovenLevels()).toEqual([])
  })
})
