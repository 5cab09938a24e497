import type { Database } from '@comptoir/runtime'

/** Remembers every state of every order, in a table that the tests own. */
export async function followHistory(database: Database): Promise<void> {
  await database.script(`
    create schema test;
    create table test.history (at int generated always as identity, order_id bigint, status text, version int);
    create function test.remember() returns trigger language plpgsql as $$
      begin insert into test.history (order_id, status, version) values (new.id, new.status, new.version); return null; end $$;
    create trigger remember after insert or update of version on store.orders for each row execute function test.remember();`)
}

/**
 * What is wrong in a store where all work is done: one line per violated invariant, with the first rows that violate it.
 * Orders that need a person count as not ended (I5).
 */
export async function violations(database: Database): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(invariants).map(async ([name, sql]) => {
      const rows = await database.query(`${sql} limit 3`)
      return rows.length === 0 ? [] : [`${name}: ${JSON.stringify(rows)}`]
    }),
  )
  return found.flat()
}

const legal = [
  ['PENDING', 'PLACED', 'PAID', 'CANCELLED', 'CANCELLING', 'NEEDS_ATTENTION', 'PENDING'],
  ['PLACED', 'PAID', 'CANCELLING'],
  ['CANCELLING', 'PAID', 'PLACED', 'CANCELLED', 'EXPIRED', 'NEEDS_ATTENTION'],
  ['NEEDS_ATTENTION', 'NEEDS_ATTENTION', 'PLACED', 'PAID', 'CANCELLED', 'EXPIRED', 'CANCELLING'],
].flatMap(([from, ...to]) => to.map((target) => `('${from}', '${target}')`))

const invariants = {
  'I1: a level is the sum of its ledger': `
    select s.product_id, s.quantity, sum(l.delta)::bigint as proven from store.stocks as s
    left join store.stock_ledger as l on l.product_id = s.product_id
    group by s.product_id having s.quantity <> coalesce(sum(l.delta), 0)`,
  'I1: what came in is on hand or reserved': `
    select product_id from store.stock_ledger as l group by product_id
    having coalesce(sum(delta) filter (where kind in ('set', 'adjusted')), 0)
      <> coalesce((select quantity from store.stocks as s where s.product_id = l.product_id), 0)
        - coalesce(sum(delta) filter (where kind = 'reserved' and not exists (
            select from store.stock_ledger as r where r.order_id = l.order_id and r.product_id = l.product_id and r.kind = 'released')), 0)`,
  'I1: an order that stands has reserved its lines, another has not': `
    select o.id, o.status, i.product_id from store.orders as o join store.order_items as i on i.order_id = o.id
    left join store.stock_ledger as l on l.order_id = o.id and l.product_id = i.product_id
    group by o.id, o.status, i.product_id, i.quantity
    having coalesce(sum(l.delta), 0) <> case when o.status in ('PLACED', 'PAID') then -i.quantity else 0 end`,
  'I2: no level is below zero': `select product_id from store.stocks where quantity < 0`,
  'I3: an order that stands has one payment of its amount, in its state': `
    select o.id, o.status, p.status as payment from store.orders as o left join payments.payments as p on p.order_id = o.id
    where o.status in ('PLACED', 'PAID') and (p.id is null or p.total <> o.total or p.user_id <> o.user_id
      or p.status <> case o.status when 'PLACED' then 'OPEN' else 'PAID' end or p.id is distinct from o.payment_id)`,
  'I4: an order that was given up has no payment that is open or paid': `
    select o.id, o.status, p.status as payment from store.orders as o join payments.payments as p on p.order_id = o.id
    where o.status in ('CANCELLED', 'EXPIRED') and p.status <> 'CLOSED'`,
  'I5: every order and every saga has ended': `
    select id, status from store.orders where status not in ('PLACED', 'PAID', 'CANCELLED', 'EXPIRED')
    union all select null, id::text from store.saga where ended_at is null`,
  'I6: states follow one another as published, with rising versions': `
    select order_id, before, status, version from (
      select *, lag(status) over w as before, lag(version) over w as former from test.history window w as (partition by order_id order by at)
    ) as h
    where case when before is null then status <> 'PENDING' or version <> 1
      else version <= former or (before, status) not in (${legal.join(', ')}) end`,
  'I17: a total is the sum of its lines': `
    select o.id from store.orders as o left join store.order_items as i on i.order_id = o.id
    group by o.id, o.total having o.total <> coalesce(sum(i.quantity * i.unit_price), 0)`,
}

/** The whole read model of a schema. Reports without the zeros that cancelled orders leave. */
export const shownReadModel = (database: Database, schema = 'store_view') =>
  dump(database, {
    orders: `select order_id, saga_id, user_id, total, items::json as items, payment_id, status, reason, created_at, version
      from ${schema}.orders order by order_id`,
    stock: `select product_id, quantity, product_name, product_sku, product_unit_price, version from ${schema}.stock order by product_id`,
    counted: `select order_id from ${schema}.counted order by order_id`,
    spending: `select user_id, total from ${schema}.spending where total <> 0 order by user_id`,
    sold: `select product_id, quantity from ${schema}.sold where quantity <> 0 order by product_id`,
  })

/** What the read model must be, folded freshly from the write side. */
export const foldedReadModel = (database: Database) =>
  dump(database, {
    orders: `select id as order_id, saga_id, user_id, total, lines as items, payment_id, status, reason, created_at, version
      from store.orders as o join (
        select order_id, json_agg(json_build_object('product_id', product_id, 'quantity', quantity, 'unit_price', unit_price) order by line) as lines
        from store.order_items group by order_id) as i on i.order_id = o.id
      order by id`,
    stock: `select product_id, quantity, name as product_name, sku as product_sku, price as product_unit_price, s.version
      from store.stocks as s join store.products as p on p.id = product_id order by product_id`,
    counted: `select id as order_id from store.orders where status in ('PLACED', 'PAID') order by id`,
    spending: `select user_id, sum(total)::bigint as total from store.orders where status in ('PLACED', 'PAID') group by user_id order by user_id`,
    sold: `select product_id, sum(quantity)::bigint as quantity from store.orders join store.order_items on order_id = id
      where status in ('PLACED', 'PAID') group by product_id order by product_id`,
  })

async function dump(database: Database, queries: Readonly<Record<string, string>>): Promise<Record<string, unknown[]>> {
  const tables = await Promise.all(Object.entries(queries).map(async ([name, sql]) => [name, await database.query(sql)] as const))
  return Object.fromEntries(tables)
}
