import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drain } from '../crash/drain.ts'
import type { StoreProcess } from '../kit/process.ts'
import { databaseUrl, kafkaBrokers } from '../kit/servers/addresses.ts'
import { Shop, userOnHold } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'
import { put } from './kcat.ts'
import { type Said, say as sayTo } from './said.ts'

let database: OwnDatabase
let instance: StoreProcess
let shop: Shop
const prefix = `odd-${randomUUID()}.`
const lines = [{ product_id: 1, quantity: 1 }]

beforeAll(async () => {
  database = await ownDatabase(databaseUrl())
  instance = await startInstance({ DATABASE_URL: database.url, KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: prefix })
  shop = new Shop(instance.url)
}, 60_000)
afterAll(async () => {
  await instance?.stop()
  await database.drop()
})

const letters = (mailbox: string) =>
  database.look((db) =>
    db.query<{ type: string; error: string }>(`select type, error from ${mailbox.split('.')[0]}.held_message order by id`),
  )

const say = (message: Said, more?: Readonly<Record<string, string>>) => sayTo(prefix, message, more)

/** Waits until a mailbox's consumer has handled what was put there under this key: until what comes behind it is a dead letter. */
async function handled(mailbox: string, key: string): Promise<void> {
  const { length } = await letters(mailbox)
  put(`${prefix}${mailbox}`, key, 'no message')
  await until(`${mailbox} has handled ${key}`, async () => (await letters(mailbox)).length > length)
}

/** What was not even looked at for what it does. */
const refused = async () =>
  (await Promise.all(['store', 'payments'].map(letters))).flat().filter(({ type }) => type !== 'undecodable')

/** All that was said of these sagas. */
const saidOf = (...sagas: readonly string[]) =>
  database.look((db) =>
    db.query<Said>(
      `select source, mailbox, key::text, type, id::text, definition, body
       from (select 'store' as source, l.* from store.log as l union all select 'payments', l.* from payments.log as l) as l
       where key = any($1::uuid[]) and mailbox in ('store', 'payments', 'store.control', 'payments.control') order by txid, pos`,
      [sagas],
    ),
  )

/** Everything that may have an effect, once all that is under way has ended; the logs say what followed. */
const state = async () => {
  await drain(instance.url)
  return database.look(async (db) => {
    const tables = ['store.orders', 'store.stocks', 'store.stock_ledger', 'store.saga', 'payments.payments']
    const rows = tables.map((table) => `select '${table}' as t, to_jsonb(r)::text as row from ${table} as r`)
    const logs = ['store', 'payments'].map(
      (name) =>
        `select '${name}.log', count(*)::text from ${name}.log where mailbox in ('store', 'payments', 'store.control', 'payments.control')`,
    )
    return db.query(`${[...rows, ...logs].join(' union all ')} order by 1, 2`)
  })
}

const orderOnHold = async () => shop.orderAtRest(await shop.accept(lines, userOnHold))

describe('by hand on a topic', () => {
  it('F40, row 64: what has the id of a message but other data has no second effect: the first one has won', async () => {
    const [order, other] = [await shop.placed(lines), await shop.placed(lines)]
    expect((await shop.pay(order)).status).toBe(200)
    // An event that lies in Kafka nobody counts as under way.
    await until('it is paid', async () => (await shop.order(order.order_id)).status === 'PAID')
    const said = await saidOf(order.saga_id)
    expect(new Set(said.map(({ type }) => type))).toEqual(
      new Set(['StockDecreased', 'PaymentCreated', 'PaymentProcessed', 'OrderCreated']),
    )
    const before = await state()
    for (const message of said) {
      const forged = message.body.replaceAll(String(order.order_id), String(other.order_id))
      expect(forged, message.type).not.toBe(message.body)
      say({ ...message, body: forged })
    }
    for (const mailbox of ['store', 'payments']) await handled(mailbox, order.saga_id)
    expect(await state()).toEqual(before)
    expect(await refused()).toEqual([])
  })

  it('row 65: messages that come again, last ones first, after their sagas have ended, change nothing', async () => {
    const [placed, turnedBack] = [await shop.placed(lines), await orderOnHold()]
    expect([placed.status, turnedBack.status]).toEqual(['PLACED', 'CANCELLED'])
    const said = await saidOf(placed.saga_id, turnedBack.saga_id)
    expect(said.length).toBeGreaterThan(6)
    const before = await state()
    for (const message of said.reverse()) say(message)
    for (const mailbox of ['store', 'payments', 'store.control', 'payments.control'])
      for (const { saga_id } of [placed, turnedBack]) await handled(mailbox, saga_id)
    expect(await state()).toEqual(before)
    expect(await refused()).toEqual([])
  })

  const event = (mailbox: string, type: string, body: object, key: string = randomUUID()): Said => ({
    source: mailbox === 'store' ? 'payments' : 'store',
    mailbox,
    key,
    type,
    id: randomUUID(),
    definition: null,
    body: JSON.stringify(body),
  })

  it.each([
    ['store', 'PaymentProcessed', { order_id: 999_999, payment_id: 999_999 }],
    ['payments', 'PaymentTaken', { order_id: 999_999 }],
  ])('row 65: an event for an order that is not there changes nothing (%s: %s)', async (mailbox, type, body) => {
    const before = await state()
    const unknown = event(mailbox, type, body)
    say(unknown)
    await handled(mailbox, unknown.key)
    expect(await state()).toEqual(before)
  })

  it('row 65: an order that was cancelled stays so, whatever is said of its payment', async () => {
    const refused = await orderOnHold()
    say(event('store', 'PaymentProcessed', { order_id: refused.order_id, payment_id: 999_999 }, refused.saga_id))
    await handled('store', refused.saga_id)
    expect(await shop.order(refused.order_id)).toMatchObject({ status: 'CANCELLED', is_paid: false })
  })

  it.each(['2016-01-01T00:00:00Z', '2999-12-31T23:59:59.999Z'])(
    'row 68: a time far away is accepted, and orders nothing: %s',
    async (time) => {
      const order = await shop.placed(lines)
      say(event('payments', 'PaymentTaken', { order_id: order.order_id }, order.saga_id), { time })
      await until('it is paid', async () => (await shop.order(order.order_id)).status === 'PAID')
    },
  )

  it('row 68: a partition key that is not the subject is a dead letter, without effect', async () => {
    const order = await shop.placed(lines)
    const { length } = await letters('payments')
    say(event('payments', 'PaymentTaken', { order_id: order.order_id }, order.saga_id), { partitionkey: randomUUID() })
    const [letter] = await until('the dead letter', async () => {
      const fresh = (await letters('payments')).slice(length)
      return fresh.length > 0 && fresh
    })
    expect(letter).toMatchObject({
      type: 'misrouted',
      error: expect.stringMatching(/^misrouted: partitionkey is .+, the subject /),
    })
    expect((await shop.order(order.order_id)).status).toBe('PLACED')
  })
})
