import type { Outcome } from '@comptoir/saga'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createProduct, deleteProduct } from '../products/commands.ts'
import { OPENING_MS, openScratchStore, type ScratchStore } from '../seed/scratch-store.fixture.ts'
import { createUser, deleteUser } from '../users/commands.ts'
import { createOrder } from './create-order.ts'
import type { OrderInput } from './pricing.ts'

let store: ScratchStore
beforeAll(async () => {
  store = await openScratchStore()
}, OPENING_MS)
beforeEach(async () => {
  await store.clear()
  for (const name of ['a', 'b']) await createUser(store.work, { name, email: `${name}@example.com` })
  for (const sku of ['A', 'B', 'C']) await createProduct(store.work, { name: sku, sku, price: 250 })
})
afterAll(() => store.close())

const create = (...inputs: OrderInput[]): Promise<readonly Outcome<{ order_id: number; total_amount: number }, string>[]> =>
  store.work.transaction((unit) =>
    createOrder.do(
      unit,
      inputs.map((input) => ({ saga: unit.newId(), data: { input } })),
    ),
  )
const of = (user_id: number, ...products: number[]): OrderInput => ({
  user_id,
  items: products.map((product_id) => ({ product_id, quantity: 2 })),
})
const orders = () => store.work.query('select user_id, total, status, reason, version from store.orders order by id')
const marked = async () => {
  const [row] = await store.work.query<{ users: string; products: string }>(
    `select (select string_agg(id::text, ',' order by id) from store.users where has_orders) as users,
       (select string_agg(id::text, ',' order by id) from store.products where ordered) as products`,
  )
  return row
}

test('a set of orders is written with its lines; the refused ones are not, and each gets its own outcome', async () => {
  const outcomes = await create(of(1, 1, 2), of(9, 1), of(2, 3, 9, 1), of(2, 2))
  expect(outcomes).toMatchObject([
    { kind: 'done', result: { total_amount: 10 } },
    { kind: 'failed', reason: 'unknown_user', detail: '/user_id' },
    { kind: 'failed', reason: 'unknown_product', detail: '/items/1/product_id' },
    { kind: 'done', result: { total_amount: 5 } },
  ])
  expect(await orders()).toEqual([
    { user_id: 1, total: 1000, status: 'PENDING', reason: null, version: 1 },
    { user_id: 2, total: 500, status: 'PENDING', reason: null, version: 1 },
  ])
  const ids = outcomes.flatMap((outcome) => (outcome.kind === 'done' && 'result' in outcome ? [outcome.result.order_id] : []))
  expect(
    await store.work.query('select order_id, line, product_id, quantity, unit_price from store.order_items order by 1, 2'),
  ).toEqual([
    { order_id: ids[0], line: 1, product_id: 1, quantity: 2, unit_price: 250 },
    { order_id: ids[0], line: 2, product_id: 2, quantity: 2, unit_price: 250 },
    { order_id: ids[1], line: 1, product_id: 2, quantity: 2, unit_price: 250 },
  ])
  expect(await store.changes()).toEqual([{ 'new order': ids }])
})

test('I16: a refused order leaves no mark, so that its user and products can still be deleted', async () => {
  await create(of(1, 9), of(9, 1), {
    user_id: 2,
    items: [
      { product_id: 2, quantity: 1 },
      { product_id: 0, quantity: 1 },
    ],
  })
  expect(await marked()).toEqual({ users: null, products: null })
  expect([await deleteUser(store.work, 1), await deleteUser(store.work, 2)]).toEqual(['deleted', 'deleted'])
  expect([await deleteProduct(store.work, 1), await deleteProduct(store.work, 2)]).toEqual(['deleted', 'deleted'])
})

test('row 44: the first order marks its user and products, and nobody else', async () => {
  await create(of(1, 1, 3), of(2, 9))
  expect(await marked()).toEqual({ users: '1', products: '1,3' })
  expect([await deleteUser(store.work, 1), await deleteUser(store.work, 2)]).toEqual(['has_orders', 'deleted'])
  expect([await deleteProduct(store.work, 3), await deleteProduct(store.work, 2)]).toEqual(['ordered', 'deleted'])
})

test('row 44: a first order against a deletion at the same moment: one of the two wins', async () => {
  const outcomes = await Promise.all([
    ...Array.from({ length: 20 }, (_, index) => createUser(store.work, { name: 'x', email: `x${index}@example.com` })),
  ])
  const users = outcomes.flatMap((creation) => (creation.kind === 'created' ? [creation.id] : []))
  const races = await Promise.all(
    users.map((user, index) =>
      Promise.all(
        index % 2 === 0
          ? [create(of(user, 1)).then(([outcome]) => outcome?.kind === 'done'), deleteUser(store.work, user)]
          : [deleteUser(store.work, user), create(of(user, 1)).then(([outcome]) => outcome?.kind === 'done')],
      ),
    ),
  )
  for (const [index, [first, second]] of races.entries())
    expect([first, second]).toEqual(index % 2 === 0 ? [true, 'has_orders'] : ['deleted', false])
})

test('rows 19, 36: 1,000 lines of 1,000,000 of one product are one line', async () => {
  const [outcome] = await create({ user_id: 1, items: [{ product_id: 1, quantity: 1_000_000_000 }] })
  expect(outcome).toMatchObject({ kind: 'done', result: { total_amount: 2_500_000_000 } })
})

test('the undo marks each order cancelled once, with the reason that clients know, and says so to payments', async () => {
  const [done] = await create(of(1, 1))
  if (done?.kind !== 'done' || !('result' in done)) throw new Error('refused')
  const undo = () =>
    store.work.transaction((unit) =>
      createOrder.undo(unit, [
        {
          saga: unit.newId(),
          data: { input: of(1, 1) },
          result: done.result,
          cause: { step: 'createPayment', reason: 'closed' },
        },
      ]),
    )
  await undo()
  await undo()
  expect(await orders()).toEqual([{ user_id: 1, total: 500, status: 'CANCELLED', reason: 'cancelled', version: 2 }])
  expect(await store.work.query(`select type from store.log where mailbox = 'payments'`)).toEqual([{ type: 'OrderClosed' }])
})
