import { systemIds, type Unit } from '@comptoir/runtime'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { OrderLine } from '../orders/order.ts'
import { createProduct } from '../products/commands.ts'
import { OPENING_MS, openScratchStore, type ScratchStore } from '../seed/scratch-store.fixture.ts'
import { adjustStock, setStock } from './commands.ts'
import { HIGHEST_LEVEL } from './levels.ts'
import { decreaseStock, returnStock } from './reserve-stock.ts'

let store: ScratchStore
beforeAll(async () => {
  store = await openScratchStore()
}, OPENING_MS)
beforeEach(async () => {
  await store.clear()
  for (const sku of ['A', 'B', 'C']) await createProduct(store.work, { name: sku, sku, price: 100 })
  for (const [product_id, quantity] of [
    [1, 10],
    [2, 5],
  ] as const)
    await setStock(store.work, { product_id, quantity })
})
afterAll(() => store.close())

const ids = systemIds()
const line = (product_id: number, quantity: number): OrderLine => ({ product_id, quantity })
const task = (order_id: number, ...items: OrderLine[]) => ({
  saga: ids.uuid(),
  data: { input: { user_id: 1, items }, createOrder: { order_id, total_amount: 1 } },
})
type Task = ReturnType<typeof task>

/** Runs a handler as the runtime does: its locks first. */
const run = <T>(tasks: readonly Task[], work: (unit: Unit) => Promise<T>): Promise<T> =>
  store.work.commit(
    async (unit) => {
      await unit.lock(
        new Map([['stocks', new Set(tasks.flatMap(({ data }) => data.input.items.map((item) => item.product_id)))]]),
      )
      return work(unit)
    },
    'work.beforeCommit',
    'work.afterCommit',
  )
const reserve = async (...tasks: Task[]): Promise<string[]> => {
  const outcomes = await run(tasks, (unit) => decreaseStock.do(unit, tasks))
  return outcomes.map((outcome) => (outcome.kind === 'failed' ? outcome.reason : outcome.kind))
}
const undo = (...tasks: Task[]) =>
  run(tasks, (unit) =>
    decreaseStock.undo(
      unit,
      tasks.map((each) => ({ ...each, result: {}, cause: { step: 'createPayment', reason: 'on_hold' } })),
    ),
  )
const giveBack = (order_id: number, ...items: OrderLine[]) =>
  run([task(order_id, ...items)], (unit) =>
    returnStock.do(unit, [{ saga: ids.uuid(), data: { input: { order_id, reason: 'cancelled', items }, closePayment: {} } }]),
  )
const levels = async () =>
  (await store.work.query<{ quantity: number }>('select quantity from store.stocks order by product_id')).map(
    (row) => row.quantity,
  )
const ledger = () =>
  store.work.query(`
    select order_id, product_id, kind, delta from store.stock_ledger where order_id is not null order by order_id, product_id, kind desc`)
const unproven = () =>
  store.work.query(`
    select product_id from store.stocks s where quantity <> (select sum(delta) from store.stock_ledger l where l.product_id = s.product_id)`)

test('I1: an order takes all its lines, and the ledger says so', async () => {
  expect(await reserve(task(1001, line(1, 4), line(2, 5)))).toEqual(['done'])
  expect(await levels()).toEqual([6, 0])
  expect(await ledger()).toEqual([
    { order_id: 1001, product_id: 1, kind: 'reserved', delta: -4 },
    { order_id: 1001, product_id: 2, kind: 'reserved', delta: -5 },
  ])
  expect(await store.changes()).toEqual([{ stock: [1] }, { stock: [2] }, { stock: [1, 2] }])
})

test.each<[string, OrderLine[]]>([
  ['too little of one', [line(1, 1), line(2, 6)]],
  ['a product without a level', [line(1, 1), line(3, 1)]],
  ['a product that is gone', [line(1, 1), line(99, 1)]],
])('I2: all or none: %s takes nothing', async (_name, items) => {
  expect(await reserve(task(1001, ...items))).toEqual(['out_of_stock'])
  expect(await levels()).toEqual([10, 5])
  expect(await ledger()).toEqual([])
})

test('F44: orders of one batch for the same product are served in turn, as far as it lasts', async () => {
  const outcomes = await reserve(
    task(1001, line(1, 6)),
    task(1002, line(1, 5), line(2, 1)),
    task(1003, line(1, 4)),
    task(1004, line(2, 5)),
    task(1005, line(1, 1)),
  )
  expect(outcomes).toEqual(['done', 'out_of_stock', 'done', 'done', 'out_of_stock'])
  expect(await levels()).toEqual([0, 0])
  expect(await unproven()).toEqual([])
})

test('I1: an undo returns what was reserved, and a second one returns nothing', async () => {
  const order = task(1001, line(1, 4), line(2, 5))
  await reserve(order)
  await undo(order)
  await undo(order)
  expect(await levels()).toEqual([10, 5])
  expect(await ledger()).toEqual([
    { order_id: 1001, product_id: 1, kind: 'reserved', delta: -4 },
    { order_id: 1001, product_id: 1, kind: 'released', delta: 4 },
    { order_id: 1001, product_id: 2, kind: 'reserved', delta: -5 },
    { order_id: 1001, product_id: 2, kind: 'released', delta: 5 },
  ])
})

test('I1: undo and cancellation of one order return its stock once', async () => {
  const order = task(1001, line(1, 4))
  await reserve(order, task(1002, line(1, 1)))
  await giveBack(1001, line(1, 4))
  await undo(order)
  expect(await levels()).toEqual([9, 5])
  expect(await unproven()).toEqual([])
})

test('an undo of what was never reserved changes nothing', async () => {
  await undo(task(1001, line(1, 4)))
  expect([await levels(), await ledger()]).toEqual([[10, 5], []])
})

test('row 19: an undo never fails, also when people have filled the level up meanwhile', async () => {
  const order = task(1001, line(1, 10))
  await reserve(order)
  await setStock(store.work, { product_id: 1, quantity: HIGHEST_LEVEL })
  await undo(order)
  expect(await levels()).toEqual([HIGHEST_LEVEL + 10, 5])
  expect(await adjustStock(store.work, [line(1, 1)], '+')).toMatchObject({ kind: 'level_too_high' })
  expect(await adjustStock(store.work, [line(1, 1)], '-')).toMatchObject({ kind: 'adjusted' })
  expect(await levels()).toEqual([HIGHEST_LEVEL + 9, 5])
  expect(await unproven()).toEqual([])
})

test('the changes of one batch to a product are one version', async () => {
  const version = async () => store.work.query('select version from store.stocks where product_id = 1')
  const [before] = (await version()) as { version: number }[]
  await reserve(task(1001, line(1, 1)), task(1002, line(1, 1)))
  expect(await version()).toEqual([{ version: (before?.version ?? 0) + 1 }])
})
