import type { Unit, Work } from '@comptoir/runtime'
import { emailKey } from '../users/commands.ts'
import { DEMO_PRODUCTS, DEMO_USERS } from './demo-data.ts'

/**
 * Fills an empty store with the demo data; leaves any other as it is.
 *
 * @param also what other services add to a new installation, in the same transaction: once, like the rest
 */
export async function seedStore(work: Work, also: (unit: Unit) => Promise<unknown> = async () => {}): Promise<void> {
  await work.transaction(async (unit) => {
    // Of several instances that start at once, one fills the store and the others find it filled.
    await unit.query('lock table store.products in share row exclusive mode')
    if (await isUsed(unit)) return
    await insertDemoData(unit)
    await also(unit)
  })
}

async function isUsed(unit: Unit): Promise<boolean> {
  const [store] = await unit.query<{ used: boolean }>(selectUsed)
  return store?.used !== false
}

// The ledger outlives its products: a store whose products were all deleted is not a new one.
const selectUsed = `
  select exists (select from store.users) or exists (select from store.products)
    or exists (select from store.stock_ledger) as used`

async function insertDemoData(unit: Unit): Promise<void> {
  const productIds = DEMO_PRODUCTS.map((product) => product.id)
  await unit.query(insertUsers, [
    DEMO_USERS.map((user) => user.id),
    DEMO_USERS.map((user) => user.name),
    DEMO_USERS.map((user) => user.email),
    DEMO_USERS.map((user) => emailKey(user.email)),
  ])
  await unit.query(insertProducts, [
    productIds,
    DEMO_PRODUCTS.map((product) => product.name),
    DEMO_PRODUCTS.map((product) => product.sku),
    DEMO_PRODUCTS.map((product) => product.price),
  ])
  await unit.query(insertStock, [productIds, DEMO_PRODUCTS.map((product) => product.stock)])
  await unit.query("select setval(pg_get_serial_sequence('store.users', 'id'), max(id)) from store.users")
  await unit.query("select setval(pg_get_serial_sequence('store.products', 'id'), max(id)) from store.products")
  unit.changed('stock', productIds)
}

const insertUsers = `
  insert into store.users (id, name, email, email_key)
  select * from unnest($1::int[], $2::text[], $3::text[], $4::text[])`

const insertProducts = `
  insert into store.products (id, name, sku, price)
  select * from unnest($1::int[], $2::text[], $3::text[], $4::bigint[])`

const insertStock = `
  with stocked as (
    insert into store.stocks (product_id, quantity) select * from unnest($1::int[], $2::int[]) returning product_id, quantity
  )
  insert into store.stock_ledger (product_id, kind, delta) select product_id, 'set', quantity from stocked`
