import type { Database } from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildServer } from '../../apps/comptoir/src/http.ts'
import { Instance } from '../../apps/comptoir/src/instance.ts'
import { StoreMetrics } from '../../apps/comptoir/src/metrics.ts'
import { sampleCard, userOnHold } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { faultsInSql } from '../storm/aftermath.ts'
import { Acknowledged } from './acknowledged.ts'
import { definiteAnswers } from './invariants/definite.ts'
import { versionsAlways, witnessVersions } from './invariants/versions.ts'
import { rules } from './invariants.ts'
import { spoilt } from './spoilt.ts'

/*
 * A check that cannot fail is a defect: a store in which everything is right is spoilt in one place at a time, and a named
 * invariant must say so.
 */

const sentences = [...rules, ...versionsAlways, ...definiteAnswers].map(({ rule }) => rule)

const acknowledged = new Acknowledged()
let database: Database

/** A small store at rest with an order of each fate. */
beforeAll(async () => {
  database = await openPglite()
  const instance = await Instance.start(database, { seed: true })
  const metrics = new StoreMetrics(instance)
  const server = await buildServer({
    instance,
    metrics,
    cursorSecret: new Uint8Array(32),
    notReady: () => [],
    overloaded: () => undefined,
  })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  instance.listening(url)
  await witnessVersions(database, false)
  const send = async (method: 'POST' | 'PUT' | 'DELETE', url: string, payload?: object, headers = {}) => {
    const answer = await server.inject({ method, url, headers: { host: 'localhost', ...headers }, ...(payload && { payload }) })
    expect(answer.statusCode, answer.body).toBeLessThan(300)
    return answer.json<{ order_id: number }>()
  }
  const place = async (user_id: number, product_id: number, quantity: number, key: string) => {
    const body = { user_id, items: [{ product_id, quantity }] }
    const { order_id } = await send('POST', '/store-api/orders', body, { 'idempotency-key': key, prefer: 'wait=20' })
    acknowledged.orders.set(order_id, { ...body, key })
    return order_id
  }
  /** An orchestrated order, which fails: the fates of the others are enough. */
  const driven = async (style: 'http' | 'messages') => {
    const prefer = style === 'http' ? {} : { prefer: 'respond-async' }
    const payload = { user_id: 1, items: [{ product_id: 3, quantity: 3 }] }
    const answer = await server.inject({
      method: 'POST',
      url: '/saga-api/saga/order',
      headers: { host: 'localhost', ...prefer },
      payload,
    })
    expect(answer.statusCode, answer.body).toBe(style === 'http' ? 409 : 202)
    acknowledged.unansweredOrders.push(payload)
  }
  await place(1, 1, 2, 'placed')
  const [paid, cancelled] = [await place(2, 2, 1, 'paid'), await place(3, 4, 1, 'cancelled')]
  await place(1, 3, 3, 'without stock')
  await place(userOnHold, 1, 1, 'on hold')
  await driven('http')
  await driven('messages')
  await send('POST', `/payments-api/payments/process/${await paymentOf(paid)}`, sampleCard)
  acknowledged.paid.add(paid)
  await send('DELETE', `/store-api/orders/${cancelled}`)
  acknowledged.cancelled.add(cancelled)
  await send('PUT', '/store-api/stocks', { items: [{ product_id: 5, quantity: 7_777 }], operation: '+' })
  acknowledged.adjustments.set(7_777, 5)
  await until('all is right', async () => (await faultsInSql(database, acknowledged)).length === 0).catch(() => {})
  await server.close()
  await instance.stop()
  metrics.close()
}, 120_000)
afterAll(() => database.close())

const paymentOf = async (order: number): Promise<number | undefined> =>
  (await database.query<{ payment_id: number }>('select payment_id from store.orders where id = $1', [order]))[0]?.payment_id

const broken = new Set<string>()

/** What the checks say of the store as these statements would leave it. */
async function said(statements: readonly string[]): Promise<string> {
  const violations = await spoilt(database, statements, (tx) => faultsInSql(tx, acknowledged))
  for (const rule of sentences) if (violations.some((violation) => violation.includes(rule))) broken.add(rule)
  return violations.join('\n')
}

test('a store in which everything is right breaks no invariant', async () => {
  expect(await faultsInSql(database, acknowledged)).toEqual([])
  const [fates] = await database.query(`select string_agg(distinct status, ' ' order by status) as fates from store.orders`)
  expect(fates).toEqual({ fates: 'CANCELLED PAID PLACED' })
})

const placed = `(select id from store.orders where status = 'PLACED')`
const paid = `(select id from store.orders where status = 'PAID')`
const refused = `(select id from store.orders where reason = 'on_hold')`
const sagaOf = (order: string) => `(select saga_id from store.orders where id = ${order})`
const everywhere = (statement: (service: string) => string) => ['store', 'payments', 'orchestrator'].map(statement)

test.each<[string, RegExp, readonly string[]]>([
  [
    'a unit vanishes from a level',
    /^I1 .*sum of its ledger/m,
    ['update store.stocks set quantity = quantity - 1 where product_id = 1'],
  ],
  [
    'a reservation is taken twice',
    /^I1 .*one ledger entry/m,
    [
      'alter table store.stock_ledger drop constraint stock_ledger_once',
      `insert into store.stock_ledger select * from store.stock_ledger where order_id = ${placed}`,
      'update store.stocks set quantity = quantity - 2 where product_id = 1',
    ],
  ],
  [
    'stock is returned twice',
    /^I1 .*on hand or held/m,
    [
      'alter table store.stock_ledger drop constraint stock_ledger_once',
      `insert into store.stock_ledger select * from store.stock_ledger where kind = 'released' and product_id = 4`,
      'update store.stocks set quantity = quantity + 1 where product_id = 4',
    ],
  ],
  [
    'a placed order gave its stock back',
    /^I1 .*hold the stock/m,
    [`insert into store.stock_ledger (order_id, product_id, kind, delta) values (${placed}, 1, 'released', 2)`],
  ],
  [
    'an order reserved another quantity than it has',
    /^I1 .*all its lines or none/m,
    [`update store.stock_ledger set delta = -1 where order_id = ${placed}`],
  ],
  [
    'a level is below zero',
    /^I2 /m,
    [
      'alter table store.stocks drop constraint stocks_quantity_check',
      'update store.stocks set quantity = -18 where product_id = 3',
    ],
  ],
  ['the payment of a placed order is gone', /^I3 .*PLACED means/m, [`delete from payments.payments where order_id = ${placed}`]],
  [
    'the payment is of another amount',
    /^I3 .*PLACED means/m,
    [`update payments.payments set total = total + 1 where order_id = ${placed}`],
  ],
  [
    'a paid payment of an order that is not',
    /^I3 .*a PAID payment/m,
    [`update payments.payments set status = 'PAID' where order_id = ${placed}`],
  ],
  [
    'an order was paid twice',
    /^I9 .*one payment row/m,
    [
      'alter table payments.payments drop constraint payments_order_key',
      `insert into payments.payments (order_id, user_id, total, status, key) select order_id, user_id, total, status, key from payments.payments where order_id = ${paid}`,
    ],
  ],
  ['a cancelled order can be paid', /^I4 /m, [`update payments.payments set status = 'OPEN' where order_id = ${refused}`]],
  ['an order is left pending', /^I5 .*PENDING/m, [`update store.orders set status = 'PENDING' where id = ${placed}`]],
  [
    'a saga never ended',
    /^I5 .*every saga has ended/m,
    [`update store.saga set ended_at = null, outcome = null where id = ${sagaOf(placed)}`],
  ],
  ['an ended saga is listed as open', /^I5 .*listed as open/m, [`insert into store.saga_open values (${sagaOf(placed)})`]],
  [
    'a message is held',
    /^I5 .*held at payments/m,
    everywhere((service) => `insert into ${service}.held_key (key) select saga_id from store.orders limit 1`),
  ],
  [
    'an order changed after its end',
    /^I6 .*legal path/m,
    [`update store.orders set version = version + 1 where id = ${refused}`],
  ],
  ['an order skipped a state', /^I6 .*legal path/m, [`update store.orders set version = 1 where id = ${placed}`]],
  [
    'the order is not what its saga ended as',
    /^I6 .*sagas ended as/m,
    [`update store.orders set status = 'CANCELLED', reason = 'out_of_stock' where id = ${placed}`],
  ],
  [
    'a step of a completed saga was never done',
    /^I6 .*done every step/m,
    [`delete from store.inbox where id = ${sagaOf(placed)} and step = 'linkPayment'`],
  ],
  [
    'a step began before the one before it was done',
    /^I6 .*only begun after/m,
    [`update store.inbox set outcome = 'failed' where id = ${sagaOf(placed)} and step = 'decreaseStock' and phase = 'do'`],
  ],
  [
    'a message was lost between commit and send',
    /^I7 .*said once, in its commit/m,
    [`delete from store.log where key = ${sagaOf(placed)} and type = 'StockDecreased'`],
  ],
  [
    'a message was said twice',
    /^I7 .*said once, in its commit/m,
    [
      `insert into payments.log (mailbox, epoch, key, type, definition, body, created)
       select mailbox, epoch, key, type, definition, body, created from payments.log where key = ${sagaOf(placed)} and type = 'PaymentCreated'`,
    ],
  ],
  [
    'a message was said of a step that was rolled back',
    /^I7 .*was caused/m,
    [`delete from payments.inbox where id = ${sagaOf(placed)} and step = 'createPayment'`],
  ],
  [
    'the end of a saga was not told',
    /^I7 .*end of a saga/m,
    [`delete from store.log where mailbox = 'feed' and key = ${sagaOf(placed)}`],
  ],
  ['a payment was not announced', /^I7 .*PAID was announced/m, [`delete from payments.log where type = 'PaymentProcessed'`]],
  [
    'a message was never handled',
    /^I8 .*every message of a saga/m,
    [`delete from payments.inbox where id = ${sagaOf(placed)} and step = 'createPayment'`],
  ],
  ['an event was never handled', /^I8 .*every event/m, [`delete from store.inbox where phase = 'event'`]],
  [
    'something was handled that nobody asked for',
    /^I8 .*nobody asked for/m,
    [`delete from store.log where type = 'StockDecreased'`],
  ],
  [
    'an order is shown in a state that it is not in',
    /^I12 .*orders of the read model/m,
    [`update store_view.orders set status = 'PENDING' where order_id = ${placed}`],
  ],
  ['an order is not shown', /^I12 .*orders of the read model/m, [`delete from store_view.orders where order_id = ${placed}`]],
  [
    'a level is shown wrongly',
    /^I12 .*stock level/m,
    ['update store_view.stock set quantity = quantity + 1 where product_id = 2'],
  ],
  ['a cancelled order is in the reports', /^I12 .*reports contain/m, [`insert into store_view.counted values (${refused})`]],
  ['a report is out by a cent', /^I12 .*spenders/m, ['update store_view.spending set total = total + 1 where user_id = 1']],
  ['a report is out by a unit', /^I12 .*sellers/m, ['update store_view.sold set quantity = quantity - 1 where product_id = 1']],
  [
    'an order is what it was before',
    /^I10 .*strictly increase.*"store.orders"/m,
    [`update store.orders set version = 1, status = 'PENDING' where id = ${placed}`],
  ],
  [
    'a level is another without another version',
    /^I10 .*strictly increase.*"store.stocks"/m,
    ['update store.stocks set quantity = quantity - 1 where product_id = 1'],
  ],
  [
    'an older version is applied to the read model',
    /^I10 .*strictly increase.*"store_view.orders"/m,
    [`update store_view.orders set version = version - 1 where order_id = ${placed}`],
  ],
  [
    'an older version is applied to a level that was dropped from the read model',
    /^I10 .*strictly increase.*"store_view.stock"/m,
    [
      'create temporary table dropped as select * from store_view.stock where product_id = 1',
      'delete from store_view.stock where product_id = 1',
      'insert into store_view.stock select product_id, quantity, product_name, product_sku, product_unit_price, version - 1 from dropped',
    ],
  ],
  [
    'one key placed two orders',
    /^I14 .*stands for one order/m,
    [
      `insert into store.orders (saga_id, user_id, total, status) select saga_id, user_id, total, status from store.orders where id = ${placed}`,
    ],
  ],
  [
    'two keys stand for one order',
    /^I14 .*two keys/m,
    [`update store.idempotency_key set answer = ${sagaOf(paid)}::text where key = 'placed'`],
  ],
  [
    'an acknowledged order is gone',
    /^I15 .*order is missing/m,
    [`delete from store.order_items where order_id = ${refused}`, `delete from store.orders where id = ${refused}`],
  ],
  [
    'a line of an acknowledged order is another',
    /^I15 .*line/m,
    [`update store.order_items set quantity = 9 where order_id = ${placed}`],
  ],
  ['an acknowledged payment is gone', /^I15 .*payment/m, [`update store.orders set status = 'PLACED' where id = ${paid}`]],
  [
    'an acknowledged cancellation is gone',
    /^I15 .*cancellation/m,
    [`update store.orders set status = 'PLACED' where status = 'CANCELLED'`],
  ],
  ['an acknowledged adjustment is gone', /^I15 .*adjustment/m, ['delete from store.stock_ledger where delta = 7777']],
  [
    'an order is there once more than it was asked for',
    /^I16 .*no order is there more often/m,
    [
      `with again as (
         insert into store.orders (saga_id, user_id, total, status) select gen_random_uuid(), user_id, total, status from store.orders where id = ${placed} returning id
       ) insert into store.order_items select again.id, line, product_id, quantity, unit_price from again, store.order_items where order_id = ${placed}`,
    ],
  ],
  [
    'an order that was refused left its key',
    /^I16 .*no key is there/m,
    [`insert into store.idempotency_key (scope, key, fingerprint, answer) values ('POST /orders', 'refused', '', '')`],
  ],
  [
    'an adjustment that was refused left an entry',
    /^I16 .*no stock adjustment/m,
    [`insert into store.stock_ledger (product_id, kind, delta) values (5, 'adjusted', -1)`],
  ],
  [
    'an adjustment was made twice',
    /^I16 .*no stock adjustment/m,
    [`insert into store.stock_ledger (product_id, kind, delta) values (5, 'adjusted', 7777)`],
  ],
  ['a total is out by a cent', /^I17 .*sum of its lines/m, [`update store.orders set total = total + 1 where id = ${placed}`]],
  ['a line has no order', /^I17 .*belongs to an order/m, [`delete from store.orders where id = ${refused}`]],
  [
    'a step of a cancelled saga was not undone',
    /^I19 .*undone every step/m,
    [`delete from store.inbox where id = ${sagaOf(refused)} and step = 'decreaseStock' and phase = 'undo'`],
  ],
  [
    'a step was undone that had not been done',
    /^I19 .*not done/m,
    [`update store.inbox set outcome = 'failed' where id = ${sagaOf(refused)} and step = 'decreaseStock' and phase = 'do'`],
  ],
  [
    'an order returned more than it reserved',
    /^I1 .*exactly what it reserved/m,
    [`update store.stock_ledger set delta = 5 where kind = 'released' and product_id = 4`],
  ],
  [
    'a saga is about no order',
    /^I9 .*every saga is about/m,
    [`update store.saga set subject = '1' where id = ${sagaOf(placed)}`],
  ],
  ['an order names no saga', /^I9 .*every order names/m, [`delete from store.saga where id = ${sagaOf(placed)}`]],
  ['a cancellation was not asked for', /^I7 .*asked for once/m, [`delete from store.log where type = 'CancelOrderRequested'`]],
  [
    'payments were not told of a closed order',
    /^I7 .*announced as closed/m,
    [`delete from store.log where type = 'OrderClosed' and key = ${sagaOf(refused)}`],
  ],
  ['an event was handled that nobody sent', /^I8 .*nobody said/m, [`delete from payments.log where type = 'PaymentProcessed'`]],
  [
    'a message is marked as started',
    /^I20 .*started/m,
    everywhere((service) => `insert into ${service}.started values ('store/1/900/1', 1)`),
  ],
  [
    'a consumer has not read everything',
    /^I20 .*behind/m,
    everywhere((service) => `update ${service}.position set txid = '0', pos = 0`),
  ],
  [
    'a replay is owed',
    /^I20 .*replay/m,
    everywhere((service) => `insert into ${service}.replay_request (held_message, requested_by) values (1, 'somebody')`),
  ],
])('%s', async (_what, violation, statements) => {
  expect(await said(statements)).toMatch(violation)
})

test('every rule was broken by one of these', () => {
  expect(sentences.filter((rule) => !broken.has(rule))).toEqual([])
})
