import type { Check } from './check.ts'

const services = ['store', 'payments', 'orchestrator'] as const

/** I20 and the rest of I5: nothing waits, is lost in the waiting room or is owed to anybody. */
export const restState: readonly Check[] = services.flatMap((service): Check[] => [
  {
    invariant: 'I5',
    rule: `no message and no key is held at ${service}`,
    sql: `
      select key::text, state, type, error from ${service}.held_message where not settled
      union all select key::text, 'key', null, null from ${service}.held_key`,
  },
  {
    invariant: 'I20',
    rule: `no message is marked as started at ${service}`,
    sql: `select id, starts from ${service}.started`,
  },
  {
    invariant: 'I20',
    rule: `no replay is owed at ${service}`,
    sql: `select id, held_message from ${service}.replay_request where performed_at is null`,
  },
  {
    invariant: 'I20',
    rule: `nobody is behind the log of ${service}`,
    sql: `
      select l.mailbox, l.type, l.key, l.pos, p.pos as read_up_to from ${service}.log as l
      left join (${services.map((reader) => `select * from ${reader}.position`).join(' union all ')}) as p on split_part(p.consumer, '/', 1) = l.mailbox and p.source = '${service}'
      where l.mailbox <> 'feed' and (p.consumer is null or (l.epoch, l.txid, l.pos) > (p.epoch, p.txid, p.pos))`,
  },
])
