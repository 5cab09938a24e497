import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createProduct, deleteProduct } from '../products/commands.ts'
import { setStock } from '../stock/commands.ts'
import { createUser } from '../users/commands.ts'
import { DEMO_PRODUCTS, DEMO_USERS } from './demo-data.ts'
import { OPENING_MS, openScratchStore, type ScratchStore } from './scratch-store.fixture.ts'
import { seedStore } from './seed.ts'

let store: ScratchStore
beforeAll(async () => {
  store = await openScratchStore()
}, OPENING_MS)
beforeEach(() => store.clear())
afterAll(() => store.close())

const products = () =>
  store.work.query(`
    select id, name, sku, price, quantity as stock from store.products join store.stocks on product_id = id order by id`)

test('the rows that clients of the old system know', async () => {
  await seedStore(store.work)
  expect((await products()).slice(0, 4)).toEqual([
    { id: 1, name: 'Laptop ABC', sku: 'LP12567', price: 199_999, stock: 1000 },
    { id: 2, name: 'Keyboard DEF', sku: 'KB67890', price: 5950, stock: 500 },
    { id: 3, name: 'Gadget XYZ', sku: 'GG12345', price: 575, stock: 2 },
    { id: 4, name: '27-inch Screen WYZ', sku: 'SC27289', price: 29_975, stock: 90 },
  ])
  expect(await store.work.query('select id, name, email from store.users where id <= 3 order by id')).toEqual([
    { id: 1, name: 'Ada Lovelace', email: 'alovelace@example.com' },
    { id: 2, name: 'Adele Goldberg', email: 'agoldberg@example.com' },
    { id: 3, name: 'Alan Turing', email: 'aturing@example.com' },
  ])
})

test('user 4 is the one on hold at payments', async () => {
  await seedStore(store.work)
  const [user] = await store.work.query('select name, email from store.users where id = 4')
  expect(user).toEqual({ name: 'Grace Hopper', email: 'ghopper@example.com' })
})

test('new ids continue after the demo data', async () => {
  await seedStore(store.work)
  expect(await createUser(store.work, { name: 'New', email: 'new@example.com' })).toEqual({
    kind: 'created',
    id: DEMO_USERS.length + 1,
  })
  const creation = await createProduct(store.work, { name: 'New', sku: 'NEW', price: 1 })
  expect(creation).toEqual({ kind: 'created', id: DEMO_PRODUCTS.length + 1 })
})

test('I1: every level is the sum of its ledger, and the projection is told of all', async () => {
  await seedStore(store.work)
  const unproven = await store.work.query(`
    select s.product_id from store.stocks s left join store.stock_ledger l on l.product_id = s.product_id
    group by s.product_id, s.quantity having s.quantity <> coalesce(sum(l.delta), 0)`)
  expect(unproven).toEqual([])
  expect(await store.changes()).toEqual([{ stock: DEMO_PRODUCTS.map(({ id }) => id) }])
})

test('several at once, and again later, seed once', async () => {
  await Promise.all([seedStore(store.work), seedStore(store.work)])
  await seedStore(store.work)
  expect(await products()).toHaveLength(DEMO_PRODUCTS.length)
  expect(await store.changes()).toHaveLength(1)
})

test('a store with anything in it stays as it is', async () => {
  await createUser(store.work, { name: 'Only', email: 'only@example.com' })
  await seedStore(store.work)
  expect(await store.work.query('select name from store.users')).toEqual([{ name: 'Only' }])
  expect(await products()).toEqual([])
})

test('a store whose products were all deleted is not a new one', async () => {
  await createProduct(store.work, { name: 'Gone', sku: 'GONE', price: 1 })
  await setStock(store.work, { product_id: 1, quantity: 0 })
  expect(await deleteProduct(store.work, 1)).toBe('deleted')
  await seedStore(store.work)
  expect(await products()).toEqual([])
})
