import type { Check } from './check.ts'

export const keysAlways: readonly Check[] = [
  {
    invariant: 'I14',
    rule: 'an Idempotency-Key of POST /orders stands for one order',
    sql: `
      select k.key, k.answer, count(o.id) from store.idempotency_key as k left join store.orders as o on o.saga_id::text = k.answer
      where k.scope = 'POST /orders' group by k.scope, k.key, k.answer having count(o.id) <> 1`,
  },
  {
    invariant: 'I14',
    rule: 'two keys never stand for one order',
    sql: `select answer, count(*) from store.idempotency_key where scope = 'POST /orders' group by answer having count(*) > 1`,
  },
]
