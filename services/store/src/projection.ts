import type { Transaction } from '@comptoir/runtime'

type Ids = readonly (number | string)[]

/**
 * Brings the read model in `view` up to the write side for these rows. Whole versions, never an older one over a newer:
 * it may run any number of times, in any order, beside itself.
 */
export async function projectStore(tx: Transaction, changes: ReadonlyMap<string, Ids>, view: string): Promise<void> {
  // An order that was only created counts in no report yet.
  const created = changes.get('new order') ?? []
  const orders = changes.get('order') ?? []
  const stock = changes.get('stock') ?? []
  const products = changes.get('product') ?? []
  await Promise.all([
    // The reports come first: whoever sees an order's link finds the order in them.
    ...(orders.length > 0 ? [countOrders(tx, view, orders), refreshOrders(tx, view, orders)] : []),
    ...(created.length + orders.length > 0 ? [addOrders(tx, view, [...new Set([...created, ...orders])])] : []),
    ...(stock.length > 0 ? [putStock(tx, view, stock)] : []),
    ...(products.length > 0 ? [dropDeleted(tx, view, products)] : []),
  ])
}

/** Compares what each order contributed to the reports with what it contributes now, and applies the difference. */
const countOrders = (tx: Transaction, view: string, ids: Ids) =>
  tx.query(
    `with differing as (
       select o.id, o.user_id, o.total, case when c.order_id is null then 1 else -1 end as sign
       from unnest($1::bigint[]) as k(id) join store.orders as o on o.id = k.id left join ${view}.counted as c on c.order_id = o.id
       where (o.status in ('PLACED', 'PAID')) <> (c.order_id is not null)
     ), added as (
       insert into ${view}.counted select id from differing where sign = 1
     ), removed as (
       delete from ${view}.counted as c using differing as d where d.sign = -1 and c.order_id = d.id
     ), spent as (
       insert into ${view}.spending as s select user_id, sum(sign * total)::bigint from differing group by user_id order by user_id
       on conflict (user_id) do update set total = s.total + excluded.total
     )
     insert into ${view}.sold as s
     select i.product_id, sum(d.sign * i.quantity)::bigint from differing as d join store.order_items as i on i.order_id = d.id
     group by i.product_id order by i.product_id
     on conflict (product_id) do update set quantity = s.quantity + excluded.quantity`,
    [ids],
  )

const refreshOrders = (tx: Transaction, view: string, ids: Ids) =>
  tx.query(
    `update ${view}.orders as v set payment_id = o.payment_id, status = o.status, reason = o.reason, version = o.version
     from unnest($1::bigint[]) as k(id) join store.orders as o on o.id = k.id
     where v.order_id = k.id and v.version < o.version`,
    [ids],
  )

const addOrders = (tx: Transaction, view: string, ids: Ids) =>
  tx.query(
    `insert into ${view}.orders (order_id, saga_id, user_id, total, items, payment_id, status, reason, created_at, version)
     select o.id, o.saga_id, o.user_id, o.total,
       (select json_agg(json_build_object('product_id', i.product_id, 'quantity', i.quantity, 'unit_price', i.unit_price) order by i.line)
        from store.order_items as i where i.order_id = o.id)::text,
       o.payment_id, o.status, o.reason, o.created_at, o.version
     from unnest($1::bigint[]) as k(id) join store.orders as o on o.id = k.id
     where not exists (select from ${view}.orders as v where v.order_id = k.id)
     on conflict (order_id) do nothing`,
    [ids],
  )

const putStock = (tx: Transaction, view: string, ids: Ids) =>
  tx.query(
    `insert into ${view}.stock as v (product_id, quantity, product_name, product_sku, product_unit_price, version)
     select s.product_id, s.quantity, p.name, p.sku, p.price, s.version
     from unnest($1::int[]) as k(id) join store.stocks as s on s.product_id = k.id join store.products as p on p.id = k.id
     on conflict (product_id) do update set quantity = excluded.quantity, version = excluded.version where v.version < excluded.version`,
    [ids],
  )

const dropDeleted = (tx: Transaction, view: string, ids: Ids) =>
  tx.query(
    `delete from ${view}.stock as v using unnest($1::int[]) as k(id) where v.product_id = k.id and not exists (select from store.stocks as s where s.product_id = k.id)`,
    [ids],
  )
