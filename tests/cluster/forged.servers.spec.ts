import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Client } from '../kit/client.ts'
import type { StoreProcess } from '../kit/process.ts'
import { databaseUrl, kafkaBrokers } from '../kit/servers/addresses.ts'
import { until } from '../kit/wait.ts'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'
import { type Said, say } from './said.ts'

let database: OwnDatabase
const instances: StoreProcess[] = []
const prefix = `forged-${randomUUID()}.`
const start = async (service: 'store' | 'payments') => {
  const env = { DATABASE_URL: database.url, KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: prefix }
  const instance = await startInstance(env, ['--service', service])
  instances.push(instance)
  return instance
}
beforeAll(async () => {
  database = await ownDatabase(databaseUrl())
}, 60_000)
afterAll(async () => {
  await Promise.all(instances.map((instance) => instance.stop()))
  await database.drop()
})

it('row 67: messages of an open saga that come from elsewhere are dead letters with their reason, change nothing, and it still ends rightly', async () => {
  const store = await start('store')
  const shop = new Client(store.url)
  const stock = async () => (await shop.get('/stocks/1')).json<{ quantity: number }>().quantity
  const before = await stock()
  const { order_id } = (await shop.post('/orders', { user_id: 1, items: [{ product_id: 1, quantity: 1 }] })).json<{
    order_id: number
  }>()
  const order = async () => (await shop.get(`/orders/${order_id}`)).json<{ status: string; saga_id: string }>()
  const { saga_id } = await order()
  const [saga] = await until('its stock is taken, and its payment asked for', () =>
    database.look(async (db) => {
      const rows = await db.query<{ definition: string }>(
        `select definition from store.log where key = $1 and mailbox = 'payments'`,
        [saga_id],
      )
      return rows.length > 0 && rows
    }),
  )
  const forged: readonly Said[] = [
    ['store', 'PaymentCreated', { createPayment: { payment_id: 666 }, createOrder: { order_id } }],
    ['store.control', 'PaymentCreationFailed', { cause: { step: 'createPayment', reason: 'over_ceiling' } }],
    ['store.control', 'settle:createOrder', {}],
    ['store', 'OrderCancelled', { cause: { step: 'createOrder', reason: 'unknown_user' } }],
    ['store', 'PaymentProcessed', { order_id, payment_id: 666 }],
  ].map(([mailbox, type, data]) => ({
    source: 'evil',
    mailbox: String(mailbox),
    key: saga_id,
    type: String(type),
    id: type === 'PaymentProcessed' ? randomUUID() : null,
    definition: type === 'PaymentProcessed' ? null : (saga?.definition ?? null),
    body: JSON.stringify(data),
  }))
  for (const message of forged) say(prefix, message)
  const letters = await until('all of them are dead letters', () =>
    database.look(async (db) => {
      const rows = await db.query<{ type: string; state: string; error: string }>(
        'select type, state, error from store.held_message order by type',
      )
      return rows.length === forged.length && rows
    }),
  )
  expect(letters.map(({ type, state }) => [type, state])).toEqual(forged.map(({ type }) => [type, 'dead']).sort())
  for (const { type, error } of letters)
    expect(error).toMatch(new RegExp(`^forged: ${type} is sent by \\w+, and this one says that it comes from evil: `))
  await until('the log of the store says so', () => store.output().includes('"event":"dead letter"'))
  expect([(await order()).status, await stock()]).toEqual(['PENDING', before - 1])

  await start('payments')
  await until('the order is PLACED', async () => (await order()).status === 'PLACED')
  expect(await database.look((db) => db.query('select order_id, status from payments.payments'))).toEqual([
    { order_id, status: 'OPEN' },
  ])
  expect(await stock()).toBe(before - 1)
}, 60_000)
