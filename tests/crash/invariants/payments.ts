import type { Check } from './check.ts'

export const paymentsAlways: readonly Check[] = [
  {
    invariant: 'I9',
    rule: 'an order has one payment row at most',
    sql: `select order_id, count(*) from payments.payments group by order_id having count(*) > 1`,
  },
]

export const paymentsAtRest: readonly Check[] = [
  {
    invariant: 'I3',
    rule: 'PLACED means one OPEN payment of the same user and amount, PAID one PAID',
    sql: `
      select o.id, o.status, o.total, o.payment_id, p.id as payment, p.status as payment_status, p.total as amount
      from store.orders as o left join payments.payments as p on p.order_id = o.id
      where o.status in ('PLACED', 'PAID') and (
        p.status is distinct from case o.status when 'PLACED' then 'OPEN' else 'PAID' end
        or p.total is distinct from o.total or p.user_id is distinct from o.user_id or p.id is distinct from o.payment_id
      )`,
  },
  {
    invariant: 'I3',
    rule: 'an OPEN payment means a PLACED order, a PAID payment a PAID one',
    sql: `
      select p.id, p.order_id, p.status, o.status as order_status
      from payments.payments as p left join store.orders as o on o.id = p.order_id
      where p.status in ('OPEN', 'PAID') and o.status is distinct from case p.status when 'OPEN' then 'PLACED' else 'PAID' end`,
  },
  {
    invariant: 'I4',
    rule: 'the payment of an ended order is CLOSED',
    sql: `
      select o.id, o.status, p.id as payment, p.status as payment_status
      from store.orders as o left join payments.payments as p on p.order_id = o.id
      where o.status in ('CANCELLED', 'EXPIRED') and p.status is distinct from 'CLOSED'`,
  },
]
