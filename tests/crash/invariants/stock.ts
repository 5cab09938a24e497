import type { Check } from './check.ts'

/** What a reader may see at any moment: true in every committed state. */
export const stockAlways: readonly Check[] = [
  {
    invariant: 'I2',
    rule: 'no stock level is below zero',
    sql: `select product_id, quantity from store.stocks where quantity < 0`,
  },
  {
    invariant: 'I1',
    rule: 'a stock level is the sum of its ledger',
    sql: `
      select product_id, coalesce(s.quantity, 0) as on_hand, coalesce(l.sum, 0) as ledger
      from store.stocks as s
      full join (select product_id, sum(delta)::bigint as sum from store.stock_ledger group by product_id) as l using (product_id)
      where coalesce(s.quantity, 0) <> coalesce(l.sum, 0)`,
  },
  {
    invariant: 'I1',
    rule: 'what was set and adjusted is on hand or held by an order',
    sql: `
      with received as (
        select product_id, sum(delta)::bigint as n from store.stock_ledger where kind in ('set', 'adjusted') group by product_id
      ), held as (
        select i.product_id, sum(i.quantity)::bigint as n from store.order_items as i
        where exists (select from store.stock_ledger as l where l.order_id = i.order_id and l.kind = 'reserved')
          and not exists (select from store.stock_ledger as l where l.order_id = i.order_id and l.kind = 'released')
        group by i.product_id
      )
      select product_id, r.n as received, s.quantity as on_hand, h.n as held
      from store.stocks as s full join received as r using (product_id) full join held as h using (product_id)
      where coalesce(r.n, 0) <> coalesce(s.quantity, 0) + coalesce(h.n, 0)`,
  },
  {
    invariant: 'I1',
    rule: 'an order has one ledger entry per product and kind, and people have none of the kinds of orders',
    sql: `
      select order_id, product_id, kind, count(*) from store.stock_ledger
      where order_id is not null or kind in ('reserved', 'released')
      group by order_id, product_id, kind having count(*) > 1 or order_id is null or kind in ('set', 'adjusted')`,
  },
  {
    invariant: 'I1',
    rule: 'an order reserves all its lines or none',
    sql: `
      with lines as (
        select order_id, product_id, quantity from store.order_items as i
        where exists (select from store.stock_ledger as l where l.order_id = i.order_id and l.kind = 'reserved')
      )
      select order_id, product_id, quantity, delta
      from lines full join (select * from store.stock_ledger where kind = 'reserved') as l using (order_id, product_id)
      where delta is distinct from -quantity`,
  },
  {
    invariant: 'I1',
    rule: 'an order releases exactly what it reserved',
    sql: `
      select released.order_id, released.product_id, released.delta, reserved.delta as reserved
      from store.stock_ledger as released
      left join store.stock_ledger as reserved
        on reserved.order_id = released.order_id and reserved.product_id = released.product_id and reserved.kind = 'reserved'
      where released.kind = 'released' and released.delta is distinct from -reserved.delta`,
  },
]

/** What is so when nothing moves any more. */
export const stockAtRest: readonly Check[] = [
  {
    invariant: 'I1',
    rule: 'PLACED and PAID orders hold the stock of their lines, ended ones hold none',
    sql: `
      select o.id, o.status, l.reserved, l.released
      from store.orders as o cross join lateral (
        select count(*) filter (where kind = 'reserved') as reserved, count(*) filter (where kind = 'released') as released
        from store.stock_ledger where order_id = o.id
      ) as l
      where case when o.status in ('PLACED', 'PAID') then l.reserved = 0 or l.released > 0 else l.reserved <> l.released end`,
  },
]
