import type { Check } from './check.ts'
import { cancelOrderId, declared, placeOrderId } from './declared.ts'

export const messagesAlways: readonly Check[] = [
  {
    invariant: 'I7',
    rule: 'what a step became was said once, in its commit, or ended its saga there',
    sql: `${declared}
      select c.service, c.id, c.name, c.change, m.type, l.n as said from change as c
      join saga as s on s.id = c.id and s.style = 'choreographed'
      join sent as m on m.definition = s.definition and m.service = c.service and m.step = c.name and m.change = c.change
      left join times_said as l on l.source = c.service and l.key = c.id and l.type = m.type
      where case m.ends when 'yes' then s.ended_at is null else l.n is distinct from 1 end`,
  },
  {
    invariant: 'I7',
    rule: 'every message of a saga was caused: by a step that changed, or by the beginning of the saga',
    sql: `${declared}
      select l.source, l.key, l.type from said as l
      left join sent as m on m.definition = l.definition and m.service = l.source and m.type = l.type
      left join change as c on c.service = l.source and c.id = l.key and c.name = m.step and c.change = m.change
      left join opening as o on o.definition = l.definition and o.type = l.type
      left join store.saga as s on s.id = l.key and s.definition = o.definition
      where l.definition is not null and l.mailbox <> 'feed' and l.type !~ '^(command|answer|settle):' and c.id is null and s.id is null`,
  },
  {
    invariant: 'I7',
    rule: 'a CancelOrder saga was asked for once',
    sql: `${declared}
      select s.id, s.subject, l.n as said from store.saga as s
      join opening as o on o.definition = s.definition
      left join times_said as l on l.key = s.id and l.type = o.type
      where s.definition = ${cancelOrderId} and l.n is distinct from 1`,
  },
  {
    invariant: 'I7',
    rule: 'the end of a saga was said once, when it ended',
    sql: `${declared}
      select s.id, s.ended_at, l.n as said from saga as s
      join opening as o on o.definition = s.definition
      left join times_said as l on l.key = s.id and l.type = o.end_type
      where coalesce(l.n, 0) <> (s.ended_at is not null)::int`,
  },
  {
    invariant: 'I7',
    rule: 'a payment that is PAID was announced once, and no other',
    sql: `${declared}, announced as (
        select (body::json ->> 'payment_id')::int as id, count(*) as n from said where type = 'PaymentProcessed' group by 1
      )
      select id, p.order_id, p.status, a.n as said from payments.payments as p full join announced as a using (id)
      where coalesce(a.n, 0) <> (coalesce(p.status, '') = 'PAID')::int`,
  },
  {
    invariant: 'I7',
    rule: 'an order whose saga turned back was announced as closed once, and no other',
    sql: `${declared}
      select s.id, s.subject, s.outcome, l.n as said from saga as s
      left join times_said as l on l.key = s.id and l.type = 'OrderClosed'
      where s.definition = ${placeOrderId} and coalesce(l.n, 0) <> (coalesce(s.outcome, '') = 'cancelled' and s.subject is not null)::int
        -- Who drives a saga hears of it a moment later.
        and (s.style = 'choreographed' or s.ended_at is not null)`,
  },
]

export const messagesAtRest: readonly Check[] = [
  {
    invariant: 'I8',
    rule: 'every message of a saga was handled by the service it went to',
    sql: `${declared}
      select l.source, l.mailbox, l.key, l.type, r.step, r.phase from said as l
      left join route as r on r.definition = l.definition and r.type = l.type and r.service = l.addressee
      left join handled as h on h.service = r.service and h.id = l.key and h.name = r.step and h.phase = r.phase
      left join saga as s on r.phase = 'end' and s.id = l.key and s.ended_at is not null
      where l.definition is not null and l.mailbox <> 'feed' and h.id is null and s.id is null`,
  },
  {
    invariant: 'I8',
    rule: 'every event was handled by the service it went to',
    sql: `${declared}
      select l.source, l.mailbox, l.key, l.type, l.id from said as l
      left join handled as h on h.service = l.mailbox and h.id = l.id and h.name = l.type and h.phase = 'event'
      where l.definition is null and l.mailbox in ('store', 'payments', 'orchestrator') and h.id is null`,
  },
  {
    invariant: 'I8',
    rule: 'no event was handled that nobody said',
    sql: `${declared}
      select h.service, h.id, h.name from handled as h
      left join said as l on l.mailbox = h.service and l.id = h.id and l.type = h.name
      where h.phase = 'event' and l.id is null`,
  },
  {
    invariant: 'I8',
    rule: 'no step was handled that nobody asked for',
    sql: `${declared}, asked as (
        select l.addressee as service, l.key as id, r.step as name, r.phase from said as l
        join route as r on r.definition = l.definition and r.type = l.type and r.service = l.addressee
        union all
        -- An order that is placed over HTTP begins inside its first step; one that is driven by calls needs no messages.
        select service, s.id, name, phase from step join saga as s on s.definition = step.definition
        cross join (values ('do'), ('undo')) as p (phase)
        where step.definition = ${placeOrderId} and (s.style = 'http' or (s.style = 'choreographed' and place = 0 and phase = 'do'))
      )
      select h.service, h.id, h.name, h.phase from handled as h
      left join asked as a on a.service = h.service and a.id = h.id and a.name = h.name and a.phase = h.phase
      where h.phase <> 'event' and a.id is null`,
  },
]
