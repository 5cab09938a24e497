import type { Unit } from '@comptoir/runtime'
import { type OrderInput, type PriceList, price } from './pricing.ts'

const maxId = 2_147_483_647

interface User {
  readonly id: number
  readonly has_orders: boolean
}
interface Product {
  readonly id: number
  readonly price: number
  readonly ordered: boolean
}

/**
 * The users and products that these orders name. The first order that is accepted marks them, which keeps them from being
 * deleted; one that is refused leaves no mark.
 */
export async function readShop(unit: Unit, inputs: readonly OrderInput[]): Promise<PriceList> {
  const [users, products] = await Promise.all([
    unit.query<User>(`select id, has_orders from store.users where id = any($1::int[])`, [
      distinct(inputs.map((input) => input.user_id)),
    ]),
    unit.query<Product>(`select id, price, ordered from store.products where id = any($1::int[])`, [
      distinct(inputs.flatMap((input) => input.items.map((item) => item.product_id))),
    ]),
  ])
  const known = {
    users: new Set(users.map((user) => user.id)),
    prices: new Map(products.map((product) => [product.id, product.price])),
  }
  const newUsers = new Set(users.filter((user) => !user.has_orders).map((user) => user.id))
  const newProducts = new Set(products.filter((product) => !product.ordered).map((product) => product.id))
  if (newUsers.size + newProducts.size === 0) return known
  const accepted = inputs.filter((input) => 'total' in price(input, known))
  const ordering = accepted.map((input) => input.user_id).filter((id) => newUsers.has(id))
  const ordered = accepted.flatMap((input) => input.items.map((item) => item.product_id)).filter((id) => newProducts.has(id))
  for (const id of await mark(unit, 'store.users', 'has_orders', distinct(ordering))) known.users.delete(id)
  for (const id of await mark(unit, 'store.products', 'ordered', distinct(ordered))) known.prices.delete(id)
  return known
}

/** Marks rows, and answers those that are gone: whoever deletes one at this moment is waited for. */
async function mark(
  unit: Unit,
  table: 'store.users' | 'store.products',
  flag: 'has_orders' | 'ordered',
  ids: readonly number[],
): Promise<readonly number[]> {
  if (ids.length === 0) return []
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
