import { placeOrder } from '@comptoir/contracts'
import type { Transaction } from '@comptoir/runtime'
import { population } from './saga-system.ts'

const { first: lowest, users, products } = population
const half = products / 2

const logged = 'mailbox, epoch, key, type, definition, body, created'
const kept = 'id, step, phase, outcome, data, result, at'
const said = (mailbox: string, type: string, body: string) =>
  `select '${mailbox}', (select epoch from comptoir.epoch), saga, '${type}', '${placeOrder.id}', ${body}, at from past`
const did = (step: string, data: string, result: string) =>
  `select saga, '${step}', 'do', 'done', ${data}, ${result}, at from past`

const keptForever = [
  `insert into store.orders (id, saga_id, user_id, total, status, payment_id, version, created_at) overriding system value
   select order_id, saga, user_id, total, 'PLACED', payment_id, 2, at from past`,
  `insert into store.order_items (order_id, line, product_id, quantity, unit_price)
   select order_id, 1, a, 1, 100 + a from past union all select order_id, 2, b, 2, 100 + b from past`,
  `insert into store.stock_ledger (order_id, product_id, kind, delta, at)
   select order_id, a, 'reserved', -1, at from past union all select order_id, b, 'reserved', -2, at from past`,
  `insert into store.saga (id, definition, style, subject, version, outcome, began_at, ended_at)
   select saga, '${placeOrder.id}', 'choreographed', order_id::text, 2, 'completed', at, at from past`,
  `insert into payments.payments (id, order_id, user_id, total, status, key, created_at) overriding system value
   select payment_id, order_id, user_id, total, 'OPEN', saga, at from past`,
  `insert into store_view.orders (order_id, saga_id, user_id, total, items, payment_id, status, created_at, version)
   select order_id, saga, user_id, total,
     format('[{"product_id" : %s, "quantity" : 1, "unit_price" : %s}, {"product_id" : %s, "quantity" : 2, "unit_price" : %s}]', a, 100 + a, b, 100 + b),
     payment_id, 'PLACED', at, 2
   from past`,
  'insert into store_view.counted select order_id from past',
]

const keptForAWeek = [
  `insert into store.inbox (${kept}) ${did('createOrder', `'{' || input || '}'`, 'created')}`,
  `insert into store.inbox (${kept}) ${did('decreaseStock', `'{' || input || ',"createOrder":' || created || '}'`, 'null')}`,
  `insert into store.inbox (${kept}) ${did('linkPayment', 'null', 'null')}`,
  `insert into payments.inbox (${kept}) ${did('createPayment', 'null', 'paid')}`,
  `insert into store.log (${logged}) ${said('store', 'OrderCreated', `'{' || input || ',"createOrder":' || created || '}'`)}`,
  `insert into store.log (${logged}) ${said('payments', 'StockDecreased', `'{' || input || ',"createOrder":' || created || ',"decreaseStock":{}}'`)}`,
  `insert into payments.log (${logged})
   ${said('store', 'PaymentCreated', `'{' || input || ',"createOrder":' || created || ',"decreaseStock":{},"createPayment":' || paid || '}'`)}`,
  `insert into store.log (${logged}) ${said('feed', 'SagaCompleted', `'{"outcome":"completed"}'`)}`,
]

/** So many of the newest past orders have inbox and log rows: as if they were those of the last week. */
const inboxOf = 1_000_000

/**
 * Writes orders that were placed and ended 30 days ago, with all that their sagas leave behind and with the ids that they
 * would have got.
 *
 * @param done how many there are already
 * @param all how many there will be
 */
export async function writePastOrders(tx: Transaction, done: number, count: number, all: number): Promise<void> {
  await tx.query(
    `create temp table past on commit drop as
     select n::bigint as payment_id, 1000 + n as order_id, user_id, a, b, at,
       (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid as saga,
       100 + a + 2 * (100 + b) as total,
       format('"input":{"user_id":%s,"items":[{"product_id":%s,"quantity":1},{"product_id":%s,"quantity":2}]}', user_id, a, b) as input,
       format('{"order_id":%s,"total_amount":%s}', 1000 + n, trim_scale((100 + a + 2 * (100 + b)) / 100.0)) as created,
       format('{"payment_id":%s}', n) as paid
     from (
       select n, ${lowest} + n * 7 % ${users} as user_id, ${lowest} + n * 11 % ${half} as a, ${lowest + half} + n * 13 % ${half} as b,
         comptoir.now() - interval '30 days' + n * interval '1 millisecond' as at
       from generate_series(${done + 1}, ${done + count}) as n
     ) as drawn`,
  )
  const statements = done >= all - inboxOf ? [...keptForever, ...keptForAWeek] : keptForever
  for (const statement of statements) await tx.query(statement)
}
