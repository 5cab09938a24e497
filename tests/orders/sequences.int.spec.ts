import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleCard, userOnHold } from '../kit/shop.ts'
import { foldedReadModel, shownReadModel, violations } from './invariants.fixture.ts'
import { drained, newProduct, newUser, openShop, order, place, type Shop, stockOf } from './shop.fixture.ts'
import { type Command, commands, everyAnswer, firstLevel, prices, StoreModel, users } from './store-model.fixture.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

/** The users, products and orders of one run, by their place in it. */
interface Cast {
  readonly users: readonly number[]
  readonly products: readonly number[]
  readonly orders: number[]
}

async function newCast(): Promise<Cast> {
  const products: number[] = []
  for (const price of prices) products.push(await newProduct(shop, firstLevel, price / 100))
  const named: number[] = []
  for (let user = 1; user < users; user += 1) named.push(await newUser(shop))
  return { users: [...named, userOnHold], products, orders: [] }
}

const at = (list: readonly number[], index: number): number => list[index % Math.max(1, list.length)] ?? 0

/** Does a command in the store; answers its status, or undefined when there is nothing to do it to. */
async function act(cast: Cast, command: Command): Promise<number | undefined> {
  switch (command.kind) {
    case 'place': {
      const items = command.items.map(({ product, quantity }) => ({ product_id: at(cast.products, product), quantity }))
      const answer = await place(shop, at(cast.users, command.user), items)
      cast.orders.push(answer.body.order_id)
      return answer.status
    }
    case 'setStock':
      return (await shop.call('POST', '/stocks', { product_id: at(cast.products, command.product), quantity: command.quantity }))
        .status
    case 'adjust': {
      const items = [{ product_id: at(cast.products, command.product), quantity: command.quantity }]
      return (await shop.call('PUT', '/stocks', { items, operation: command.operation })).status
    }
    case 'cancel':
      return cast.orders.length === 0
        ? undefined
        : (await shop.call('DELETE', `/orders/${at(cast.orders, command.order)}`)).status
    case 'payByOtherMeans':
    case 'payByCard': {
      const id = at(cast.orders, command.order)
      const payment = Number((await order(shop, id)).payment_link?.split('/').at(-1))
      if (!payment) return undefined
      if (command.kind === 'payByOtherMeans') return (await shop.call('PUT', '/orders', { order_id: id, is_paid: true })).status
      return (await shop.call('POST', `/payments/process/${payment}`, sampleCard)).status
    }
    default:
      return command satisfies never
  }
}

test('I1 to I6, I17: one command after the other, the store does what the model does', async () => {
  const met = new Set<string>()
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const [model, cast] = [new StoreModel(), await newCast()]
      for (const command of sequence) {
        const expected = model.run(command)
        expect([command, await act(cast, command)]).toEqual([command, expected])
        if (expected !== undefined) met.add(`${command.kind.replace(/^pay.*/, 'pay')} ${expected}`)
      }
      await drained(shop)
      await expectLike(model, cast)
    }),
    // Chance alone leaves an answer out once in some thousand runs.
    { numRuns: 40, examples: [[[...everyAnswer]]] },
  )
  // Every answer that there is was met.
  expect([...met].sort()).toEqual([
    'adjust 200',
    'adjust 409',
    'cancel 200',
    'cancel 404',
    'cancel 409',
    'pay 200',
    'pay 409',
    'place 201',
    'setStock 201',
  ])
  expect(await violations(shop.database)).toEqual([])
  expect(await shownReadModel(shop.database)).toEqual(await foldedReadModel(shop.database))
})

async function expectLike(model: StoreModel, { users: userIds, products, orders }: Cast): Promise<void> {
  const levels: (number | undefined)[] = []
  for (const product of products) levels.push((await shop.call('GET', `/stocks/${product}`)).body.quantity)
  expect(levels).toEqual(model.levels)
  const shown = await Promise.all(orders.map((id) => order(shop, id)))
  const payments = await shop.database.query<{ order_id: number; status: string; opened: boolean }>(
    'select order_id, status, total is not null as opened from payments.payments where order_id = any($1::bigint[])',
    [orders],
  )
  const paymentOf = new Map(payments.map(({ order_id, status, opened }) => [order_id, opened ? status : null]))
  expect(
    shown.map(({ order_id, total_amount, status, reason, is_paid }) => [
      status,
      reason,
      is_paid,
      total_amount,
      paymentOf.get(order_id),
    ]),
  ).toEqual(model.orders.map(({ status, reason, payment, total }) => [status, reason, status === 'PAID', total / 100, payment]))
  const { spending, sold } = model.reports()
  const named = userIds.slice(0, -1)
  const spent = await shop.database.query<{ user_id: number; total: number }>(
    'select user_id, total from store_view.spending where total > 0 and user_id = any($1::int[])',
    [named],
  )
  expect(new Map(spent.map((row) => [named.indexOf(row.user_id), row.total]))).toEqual(spending)
  const soldRows = await shop.database.query<{ product_id: number; quantity: number }>(
    'select product_id, quantity from store_view.sold where quantity > 0 and product_id = any($1::int[])',
    [products],
  )
  expect(new Map(soldRows.map((row) => [products.indexOf(row.product_id), row.quantity]))).toEqual(sold)
}

test('I1 to I6, I12, I17: many commands at once, in any interleaving, the invariants hold', async () => {
  await fc.assert(
    fc.asyncProperty(commands, fc.integer({ min: 2, max: 12 }), async (sequence, atOnce) => {
      const cast = await newCast()
      const waiting = [...sequence]
      const workers = Array.from({ length: atOnce }, async () => {
        for (let command = waiting.shift(); command; command = waiting.shift())
          expect([200, 201, 404, 409, undefined]).toContain(await act(cast, command))
      })
      await Promise.all(workers)
      await drained(shop)
      expect(await violations(shop.database)).toEqual([])
      for (const id of cast.products) expect(await stockOf(shop, id)).toBeGreaterThanOrEqual(0)
    }),
    { numRuns: 40 },
  )
  expect(await shownReadModel(shop.database)).toEqual(await foldedReadModel(shop.database))
})
