import { OrderClosed, type placeOrder } from '@comptoir/contracts'
import { toDecimal } from '@comptoir/http'
import type { Handler, Unit } from '@comptoir/runtime'
import { done, failed, type StepsOf } from '@comptoir/saga'
import { cancelReason } from './order.ts'

type Step = StepsOf<typeof placeOrder>['createOrder']
type Input = Parameters<Handler<Step>['do']>[1][number]['data']['input']

const maxId = 2_147_483_647

/** createOrder: prices the lines and writes the orders; its undo marks them CANCELLED. */
export const createOrder: Handler<Step> = {
  async do(unit, tasks) {
    const shop = await readShop(
      unit,
      tasks.map((task) => task.data.input),
    )
    const orders = tasks.map((task) => ({ saga: task.saga, input: task.data.input, priced: price(task.data.input, shop) }))
    const accepted = orders.flatMap(({ saga, input, priced }) =>
      typeof priced === 'object' && 'total' in priced ? [{ saga, input, ...priced }] : [],
    )
    const ids = accepted.length > 0 ? await insertOrders(unit, accepted) : new Map<string, number>()
    return orders.map(({ saga, priced }) => {
      if ('reason' in priced) return failed(priced.reason, priced.pointer)
      return done({ order_id: ids.get(saga) ?? 0, total_amount: toDecimal(priced.total) })
    })
  },
  async undo(unit, undos) {
    const rows = await unit.query<{ id: number; saga_id: string }>(
      `update store.orders as o set status = 'CANCELLED', reason = u.reason, version = o.version + 1
       from unnest($1::bigint[], $2::text[]) as u(id, reason)
       where o.id = u.id and o.status in ('PENDING', 'NEEDS_ATTENTION')
       returning o.id, o.saga_id`,
      [undos.map((undo) => undo.result.order_id), undos.map((undo) => cancelReason(undo.cause.reason))],
    )
    unit.changed(
      'order',
      rows.map((row) => row.id),
    )
    for (const row of rows)
      unit.publish({ to: OrderClosed.to, type: OrderClosed.type, key: row.saga_id, data: { order_id: row.id } })
  },
}

interface Shop {
  readonly users: ReadonlySet<number>
  readonly prices: ReadonlyMap<number, number>
}

/** The users and products that these orders name. Their first order marks them, which keeps them from being deleted. */
async function readShop(unit: Unit, inputs: readonly Input[]): Promise<Shop> {
  const userIds = distinct(inputs.map((input) => input.user_id))
  const productIds = distinct(inputs.flatMap((input) => input.items.map((item) => item.product_id)))
  const [users, products] = await Promise.all([
    unit.query<{ id: number; has_orders: boolean }>(`select id, has_orders from store.users where id = any($1::int[])`, [
      userIds,
    ]),
    unit.query<{ id: number; price: number; ordered: boolean }>(
      `select id, price, ordered from store.products where id = any($1::int[])`,
      [productIds],
    ),
  ])
  const newUsers = users.filter((user) => !user.has_orders).map((user) => user.id)
  const newProducts = products.filter((product) => !product.ordered).map((product) => product.id)
  // Whoever deletes one of them at this moment is waited for: a row that is gone by then is unknown.
  const goneUsers = newUsers.length > 0 ? await mark(unit, 'store.users', 'has_orders', newUsers) : []
  const goneProducts = newProducts.length > 0 ? await mark(unit, 'store.products', 'ordered', newProducts) : []
  return {
    users: new Set(users.map((user) => user.id).filter((id) => !goneUsers.includes(id))),
    prices: new Map(products.filter((product) => !goneProducts.includes(product.id)).map(({ id, price }) => [id, price])),
  }
}

async function mark(
  unit: Unit,
  table: 'store.users' | 'store.products',
  flag: 'has_orders' | 'ordered',
  ids: readonly number[],
): Promise<number[]> {
  const rows = await unit.query<{ id: number }>(
    `with locked as (select id from ${table} where id = any($1::int[]) order by id for update)
     update ${table} as t set ${flag} = true from locked where t.id = locked.id returning t.id`,
    [ids],
  )
  const found = new Set(rows.map((row) => row.id))
  return ids.filter((id) => !found.has(id))
}

const distinct = (ids: readonly number[]): number[] =>
  [...new Set(ids)].filter((id) => id >= 1 && id <= maxId).sort((a, b) => a - b)

type Refused = { readonly reason: 'unknown_user' | 'unknown_product' | 'total_too_large'; readonly pointer: string }
interface Priced {
  readonly total: number
  readonly prices: readonly number[]
}

function price(input: Input, { users, prices }: Shop): Priced | Refused {
  if (!users.has(input.user_id)) return { reason: 'unknown_user', pointer: '/user_id' }
  let total = 0
  const units: number[] = []
  for (const [line, item] of input.items.entries()) {
    const unitPrice = prices.get(item.product_id)
    if (unitPrice === undefined) return { reason: 'unknown_product', pointer: `/items/${line}/product_id` }
    units.push(unitPrice)
    // Both factors are far below 2^53, and a product or sum above it is seen as such though it is not exact.
    total += unitPrice * item.quantity
    if (total > Number.MAX_SAFE_INTEGER) return { reason: 'total_too_large', pointer: `/items/${line}/quantity` }
  }
  return { total, prices: units }
}

async function insertOrders(
  unit: Unit,
  orders: readonly { saga: string; input: Input; total: number; prices: readonly number[] }[],
): Promise<Map<string, number>> {
  const rows = await unit.query<{ id: number; saga_id: string }>(
    `insert into store.orders (saga_id, user_id, total, status)
     select saga, user_id, total, 'PENDING' from unnest($1::uuid[], $2::int[], $3::bigint[]) as o(saga, user_id, total)
     returning id, saga_id`,
    [orders.map((order) => order.saga), orders.map((order) => order.input.user_id), orders.map((order) => order.total)],
  )
  const ids = new Map(rows.map((row) => [row.saga_id, row.id]))
  const lines = orders.flatMap(({ saga, input, prices }) =>
    input.items.map((item, line) => ({ ...item, order: ids.get(saga) ?? 0, line: line + 1, unitPrice: prices[line] ?? 0 })),
  )
  await unit.query(
    `insert into store.order_items (order_id, line, product_id, quantity, unit_price)
     select * from unnest($1::bigint[], $2::smallint[], $3::int[], $4::int[], $5::bigint[])`,
    [
      lines.map((l) => l.order),
      lines.map((l) => l.line),
      lines.map((l) => l.product_id),
      lines.map((l) => l.quantity),
      lines.map((l) => l.unitPrice),
    ],
  )
  unit.changed('new order', ids.values())
  return ids
}
