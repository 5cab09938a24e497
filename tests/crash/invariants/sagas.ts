import type { Check } from './check.ts'
import { cancelOrderId, declared, placeOrderId } from './declared.ts'

export const sagasAlways: readonly Check[] = [
  {
    invariant: 'I9',
    rule: 'every order names its PlaceOrder saga, and its CancelOrder saga where it has one, which are about it',
    sql: `${declared}
      select o.id, o.saga_id, o.cancel_saga_id from store.orders as o
      left join saga as p on p.id = o.saga_id and p.definition = ${placeOrderId}
        -- Who drives a saga hears the order's number a moment later.
        and (p.subject = o.id::text or (p.subject is null and p.style <> 'choreographed' and p.ended_at is null))
      left join store.saga as c on c.id = o.cancel_saga_id and c.definition = ${cancelOrderId} and c.subject = o.id::text
      where p.id is null or (c.id is null and o.cancel_saga_id is not null)`,
  },
  {
    invariant: 'I5',
    rule: 'the sagas listed as open are those that have not ended',
    sql: `${declared}, open as (select id from store.saga_open union all select id from orchestrator.saga_open)
      select id, s.ended_at, o.id is not null as listed from saga as s full join open as o using (id)
      where (s.id is not null and s.ended_at is null) <> (o.id is not null)`,
  },
  {
    invariant: 'I9',
    rule: 'every saga is about an order that names it',
    sql: `${declared}
      select s.id, s.definition, s.subject from saga as s
      left join store.orders as o on o.id::text = s.subject and s.id = case s.definition when ${placeOrderId} then o.saga_id else o.cancel_saga_id end
      -- One that is driven has no order when its first step refused it.
      where o.id is null and (s.style = 'choreographed' or s.subject is not null)`,
  },
]

export const sagasAtRest: readonly Check[] = [
  {
    invariant: 'I5',
    rule: 'every saga has ended and none needs attention',
    sql: `${declared}
      select id, definition, subject, attention from saga where ended_at is null or outcome is null or attention is not null
      union all select saga, definition, step, phase from orchestrator.driving`,
  },
  {
    invariant: 'I19',
    rule: 'a cancelled saga has undone every step that was done',
    sql: `${declared}
      select s.id, s.subject, d.name from saga as s
      join step as t on t.definition = s.definition
      join handled as d on d.service = t.service and d.id = s.id and d.name = t.name and d.phase = 'do' and d.outcome = 'done'
      left join handled as u on u.service = t.service and u.id = s.id and u.name = t.name and u.phase = 'undo'
      where s.outcome = 'cancelled' and u.id is null`,
  },
  {
    invariant: 'I19',
    rule: 'nothing is undone that was not done',
    sql: `
      ${declared}
      select u.service, u.id, u.name from handled as u
      left join handled as d on d.service = u.service and d.id = u.id and d.name = u.name and d.phase = 'do'
      where u.phase = 'undo' and d.outcome is distinct from 'done'`,
  },
  {
    invariant: 'I6',
    rule: 'a completed saga has done every step and undone none',
    sql: `${declared}
      select s.id, s.subject, t.name, d.outcome, u.id is not null as undone from saga as s
      join step as t on t.definition = s.definition
      left join handled as d on d.service = t.service and d.id = s.id and d.name = t.name and d.phase = 'do'
      left join handled as u on u.service = t.service and u.id = s.id and u.name = t.name and u.phase = 'undo'
      where s.outcome = 'completed' and (d.outcome is distinct from 'done' or u.id is not null)`,
  },
  {
    invariant: 'I6',
    rule: 'a step was only begun after the one before it was done',
    sql: `${declared}
      select h.id, h.name, b.name as before, p.outcome from handled as h
      join saga as s on s.id = h.id
      join step as t on t.definition = s.definition and t.name = h.name
      join step as b on b.definition = t.definition and b.place = t.place - 1
      left join handled as p on p.id = h.id and p.name = b.name and p.phase = 'do'
      where h.phase = 'do' and p.outcome is distinct from 'done'`,
  },
  {
    invariant: 'I6',
    rule: 'the order is what its sagas ended as',
    sql: `${declared}
      select o.id, o.status, o.reason, p.outcome as placed, c.outcome as cancelled
      from store.orders as o
      join saga as p on p.id = o.saga_id
      left join store.saga as c on c.id = o.cancel_saga_id
      where case
        when p.outcome = 'cancelled' then o.status <> 'CANCELLED' or c.id is not null
        when c.outcome = 'completed' then o.status not in ('CANCELLED', 'EXPIRED')
        when c.outcome = 'cancelled' then o.status <> 'PAID'
        else o.status not in ('PLACED', 'PAID')
      end`,
  },
]
