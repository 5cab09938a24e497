import type { Check } from './check.ts'

const standing = `status in ('PLACED', 'PAID')`

/** I12, the fold of the write side, compared both ways. */
export const readModelAtRest: readonly Check[] = [
  {
    invariant: 'I12',
    rule: 'the orders of the read model are those of the write side',
    sql: `
      with written as (
        select id as order_id, saga_id, user_id, total, payment_id, status, reason, created_at, version,
          (select jsonb_agg(jsonb_build_object('product_id', product_id, 'quantity', quantity, 'unit_price', unit_price) order by line)
           from store.order_items as i where i.order_id = o.id) as items
        from store.orders as o
      ), shown as (
        select order_id, saga_id, user_id, total, payment_id, status, reason, created_at, version, items::jsonb as items from store_view.orders
      )
      select 'not shown' as side, order_id, status, version from (select * from written except select * from shown) as a
      union all select 'shown wrongly', order_id, status, version from (select * from shown except select * from written) as b`,
  },
  {
    // An entry that was late is dropped on purpose and answered from the write side until its next change.
    invariant: 'I12',
    rule: 'every stock level of the read model is that of the write side',
    sql: `
      select product_id, quantity, version from store_view.stock
      except select product_id, quantity, version from store.stocks`,
  },
  {
    invariant: 'I12',
    rule: 'the reports contain the orders that stand',
    sql: `
      select order_id, o.status from store_view.counted full join (select id as order_id, status from store.orders where ${standing}) as o using (order_id)
      where o.status is null or not exists (select from store_view.counted as c where c.order_id = o.order_id)`,
  },
  {
    invariant: 'I12',
    rule: 'the report of spenders is the sum of their standing orders',
    sql: `
      select user_id, shown.total as shown, written.total as written
      from (select user_id, total from store_view.spending where total <> 0) as shown
      full join (select user_id, sum(total)::bigint as total from store.orders where ${standing} group by user_id) as written using (user_id)
      where shown.total is distinct from written.total`,
  },
  {
    invariant: 'I12',
    rule: 'the report of sellers is the sum of the lines of standing orders',
    sql: `
      select product_id, shown.quantity as shown, written.quantity as written
      from (select product_id, quantity from store_view.sold where quantity <> 0) as shown
      full join (
        select product_id, sum(quantity)::bigint as quantity from store.order_items
        where order_id in (select id from store.orders where ${standing}) group by product_id
      ) as written using (product_id)
      where shown.quantity is distinct from written.quantity`,
  },
]
