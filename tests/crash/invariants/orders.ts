import type { Check } from './check.ts'

export const ordersAlways: readonly Check[] = [
  {
    invariant: 'I17',
    rule: 'the total of an order is the sum of its lines, which are numbered from 1',
    sql: `
      select o.id, o.total, i.sum, i.lines, i.last
      from store.orders as o left join lateral (
        select sum(quantity::bigint * unit_price)::bigint as sum, count(*) as lines, max(line) as last
        from store.order_items where order_id = o.id
      ) as i on true
      where o.total is distinct from i.sum or i.lines is distinct from i.last`,
  },
  {
    invariant: 'I17',
    rule: 'every line belongs to an order',
    sql: `select order_id, line from store.order_items as i where not exists (select from store.orders as o where o.id = i.order_id)`,
  },
]

export const ordersAtRest: readonly Check[] = [
  {
    invariant: 'I5',
    rule: 'no order is PENDING, CANCELLING or NEEDS_ATTENTION',
    sql: `select id, status, saga_id, cancel_saga_id from store.orders where status in ('PENDING', 'CANCELLING', 'NEEDS_ATTENTION')`,
  },
  {
    // Created is version 1 and every change of state adds one, so that a state tells how many changes led to it.
    invariant: 'I6',
    rule: 'an order took a legal path to its state, and nothing came after its end',
    sql: `
      with legal (status, version, cancelling) as (values
        ('PLACED', 2, false),   -- linked
        ('PAID', 3, false),     -- linked, paid (or paid before the link)
        ('PAID', 4, true),      -- linked, cancelling, but paid was first
        ('CANCELLED', 2, false), -- its saga turned back
        ('CANCELLED', 4, true), -- linked, cancelling, cancelled
        ('EXPIRED', 4, true)
      )
      select id, status, version, cancel_saga_id, reason, paid from store.orders as o
      where status not in ('PENDING', 'CANCELLING', 'NEEDS_ATTENTION') and (
        not exists (
          select from legal as l
          where l.status = o.status and l.version = o.version and l.cancelling = (o.cancel_saga_id is not null)
        )
        or paid <> (status = 'PAID')
        or (reason is null) <> (status in ('PLACED', 'PAID'))
      )`,
  },
]
