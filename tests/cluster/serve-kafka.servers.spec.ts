import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client } from '../kit/client.ts'
import { comptoir } from '../kit/command.ts'
import type { StoreProcess } from '../kit/process.ts'
import { databaseUrl, kafkaBrokers, redisUrl } from '../kit/servers/addresses.ts'
import { sampleCard } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'
import { kcat } from './kcat.ts'

/** Each service with a database of its own, and topics of this test's own. */
let [ofStore, ofPayments] = [] as unknown as [OwnDatabase, OwnDatabase]
let [store, payments] = [] as unknown as [StoreProcess, StoreProcess]
let env: NodeJS.ProcessEnv
const prefix = `serve-${randomUUID()}.`
const feed = 'order-saga-events'

beforeAll(async () => {
  ;[ofStore, ofPayments] = await Promise.all([ownDatabase(databaseUrl()), ownDatabase(databaseUrl())])
  env = { KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: prefix, KAFKA_FEED_TOPIC: feed }
  ;[store, payments] = await Promise.all([
    startInstance({ ...env, STORE_DATABASE_URL: ofStore.url }, ['--service', 'store']),
    startInstance({ ...env, PAYMENTS_DATABASE_URL: ofPayments.url }, ['--service', 'payments']),
  ])
}, 60_000)
afterAll(async () => {
  await Promise.all([store, payments].map((instance) => instance?.stop()))
  await Promise.all([ofStore, ofPayments].map((database) => database.drop()))
})

const place = async (quantity = 1) =>
  (
    await new Client(store.url).post('/orders', { user_id: 1, items: [{ product_id: 1, quantity }] }, { prefer: 'wait=20' })
  ).json<{ order_id: number; status: string; reason: string | null }>()

const topic = (name: string) => `${prefix}${name}`

describe('a database per service, and Kafka between', () => {
  it('places, pays, refuses and cancels orders, and each service knows its own tables only', async () => {
    const placed = await place()
    expect(placed.status).toBe('PLACED')
    const shop = new Client(store.url)
    const { payment_link } = (await shop.get(`/orders/${placed.order_id}`)).json<{ payment_link: string }>()
    const paid = await new Client(payments.url).post(`/payments/process/${payment_link.split('/').at(-1)}`, sampleCard)
    expect([paid.status, paid.json().is_paid]).toEqual([200, true])
    await until('the order is paid', async () => (await shop.get(`/orders/${placed.order_id}`)).json().status === 'PAID')
    expect(await place(100_000)).toMatchObject({ status: 'CANCELLED', reason: 'out_of_stock' })
    const next = await place()
    const cancelled = await shop.delete(`/orders/${next.order_id}`)
    expect(cancelled.status).toBe(200)
    const schemas = (database: OwnDatabase) =>
      database.look((db) =>
        db.query(`select nspname from pg_namespace where nspname in ('store', 'payments', 'store_view') order by 1`),
      )
    expect(await schemas(ofStore)).toEqual([{ nspname: 'store' }, { nspname: 'store_view' }])
    expect(await schemas(ofPayments)).toEqual([{ nspname: 'payments' }])
  })

  it('the line of JSON and the words for people say what of it is real', async () => {
    const where = (database: OwnDatabase) => new URL(database.url).pathname
    expect(store.json).toMatchObject({
      mode: 'postgres',
      kafka: true,
      redis: false,
      data: expect.stringContaining(where(ofStore)),
    })
    const both = { ...env, PAYMENTS_DATABASE_URL: ofPayments.url, REDIS_URL: redisUrl() }
    const second = await startInstance(both, ['--service', 'payments'])
    expect(second.json).toMatchObject({
      mode: 'postgres',
      kafka: true,
      redis: true,
      data: expect.stringContaining(where(ofPayments)),
    })
    await second.stop()
    const spoken = comptoir(['serve', '--port', '0', '--service', 'payments'], { env: both })
    await until('the words for people', () => spoken.stdout().includes('Stop it with Ctrl-C'))
    spoken.child.kill('SIGTERM')
    expect((await spoken.ended).code).toBe(0)
    for (const words of [
      'on PostgreSQL',
      /^ {2}Messages +Kafka; of several instances all work$/m,
      /^ {2}Reads +Redis, and tables of PostgreSQL/m,
    ])
      expect(spoken.stdout()).toMatch(words)
  })

  it('the seeded credit hold of the payments is there, and does not come back once it was ended', async () => {
    const till = new Client(payments.url)
    expect((await till.delete('/holds/4')).status).toBe(200)
    await payments.stop()
    payments = await startInstance({ ...env, PAYMENTS_DATABASE_URL: ofPayments.url }, ['--service', 'payments'])
    expect((await new Client(payments.url).delete('/holds/4')).status).toBe(404)
  })

  it('shows every message of a saga in the feed, in the binding of CloudEvents', async () => {
    const { order_id } = await place()
    const [saga] = await ofStore.look((db) =>
      db.query<{ id: string }>('select saga_id as id from store.orders where id = $1', [order_id]),
    )
    const lines = await until('the end in the feed', () => {
      const own = kcat(['-C', '-t', topic(feed), '-o', 'beginning', '-e', '-f', '%k %h\n'])
        .split('\n')
        .filter((line) => line.startsWith(String(saga?.id)))
      return own.some((line) => line.includes('ce_type=SagaCompleted')) && own
    })
    const types = lines.map((line) => /ce_type=(\w+)/.exec(line)?.[1])
    expect(new Set(types)).toEqual(new Set(['OrderCreated', 'StockDecreased', 'PaymentCreated', 'SagaCompleted']))
    expect(lines[0]).toContain('ce_specversion=1.0')
    const traces = lines.map((line) => /traceparent=00-(\w+)-\w+-01/.exec(line)?.[1])
    expect(new Set(traces)).toEqual(new Set([saga?.id.replaceAll('-', '')]))
  })

  it.each([
    ['row 60: no JSON', '{"order_id":', [], 'undecodable'],
    ['row 60: wrong UTF-8', Buffer.from([0xff, 0xfe, 0x41]), [], 'undecodable'],
    ['row 61: no id', '{}', ['ce_source=/store', 'ce_type=OrderCreated', 'ce_specversion=1.0'], 'invalid_cloudevent'],
    [
      'row 61: specversion 2.0',
      '{}',
      ['ce_id=1', 'ce_source=/store', 'ce_type=OrderCreated', 'ce_specversion=2.0'],
      'invalid_cloudevent',
    ],
    [
      'row 66: for another mailbox',
      '{}',
      [`ce_id=${randomUUID()}`, 'ce_source=/store', 'ce_type=Noted', 'ce_specversion=1.0', 'ce_mailbox=store'],
      'misrouted',
    ],
  ])('%s, put on a topic by hand, is a dead letter with its reason, and orders go on', async (row, value, headers, reason) => {
    const key = randomUUID()
    const subject = headers.length > 0 ? [`ce_subject=${key}`, 'content-type=application/json'] : []
    const letters = () =>
      ofPayments.look((db) =>
        db.query<{ state: string; error: string; type: string }>(
          'select state, error, type from payments.held_message order by id',
        ),
      )
    const { length: before } = await letters()
    const file = ['-P', '-t', topic('payments'), '-k', key, ...[...headers, ...subject].flatMap((header) => ['-H', header])]
    kcat(file, value)
    const letter = await until(`the dead letter of ${row}`, async () => (await letters())[before])
    expect(letter).toMatchObject({
      state: 'dead',
      type: reason,
      error: expect.stringMatching(`^${reason}: .+ \\(.+\\[\\d\\]@\\d+\\)$`),
    })
    expect((await place()).status).toBe('PLACED')
  })

  it('row 62: an unknown type is ignored and counted, and its first message is in the log; row 67: a forged message of a saga that nobody began changes nothing', async () => {
    const before = await ofStore.look((db) => db.query('select count(*)::int as n, sum(version)::int as v from store.orders'))
    const send = (type: string, data: unknown, extra: readonly string[] = []) => {
      const key = randomUUID()
      const headers = [
        `ce_id=${randomUUID()}`,
        'ce_source=/payments',
        `ce_type=${type}`,
        'ce_specversion=1.0',
        `ce_subject=${key}`,
      ]
      kcat(
        [
          '-P',
          '-t',
          topic('store'),
          '-k',
          key,
          ...[...headers, 'content-type=application/json', ...extra].flatMap((h) => ['-H', h]),
        ],
        `${JSON.stringify(data)}\n`,
      )
      return key
    }
    const unknown = send('NothingWeKnow', { a: 1 })
    const other = send('NothingWeKnow', { a: 2 })
    const [known] = await ofStore.look((db) => db.query<{ definition: string }>('select definition from store.saga limit 1'))
    const forged = send('PaymentCreated', { order_id: 1001 }, [`ce_definition=${known?.definition}`])
    await until('the forged message is held', async () => {
      const rows = await ofStore.look((db) => db.query('select from store.held_message where key = $1', [forged]))
      return rows.length > 0
    })
    const metrics = await until('the unknown type is counted', async () => {
      const { text } = await new Client(store.url).get('/metrics')
      return /comptoir_ignored_total\{service="store"\} 2/.test(text) && text
    })
    const samples = store
      .output()
      .split('\n')
      .filter((line) => line.includes('NothingWeKnow'))
    // Whichever of the two came first.
    expect(samples.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        service: 'store',
        type: 'NothingWeKnow',
        source: 'payments',
        data: expect.stringMatching(/^\{"a":[12]\}\s*$/),
      }),
    ])
    expect([unknown, other]).toContain(JSON.parse(samples[0] ?? '{}').key)
    expect(metrics).toContain('comptoir_held_messages{service="store",state="retry"}')
    expect(await ofStore.look((db) => db.query('select count(*)::int as n, sum(version)::int as v from store.orders'))).toEqual(
      before,
    )
    expect((await place()).status).toBe('PLACED')
  })
})

describe('wrong addresses', () => {
  it.each([
    [
      'a database per service without Kafka',
      { STORE_DATABASE_URL: 'postgres://a@127.0.0.1:1/a' },
      'need Kafka between the services',
    ],
    ['a broker without a port', { DATABASE_URL: 'postgres://a@127.0.0.1:1/a', KAFKA_BROKERS: 'kafka' }, 'no host:port'],
    ['a Redis that is none', { REDIS_URL: 'http://127.0.0.1' }, 'write redis://host:6379'],
    [
      'a service without a database',
      { KAFKA_BROKERS: 'k:1', STORE_DATABASE_URL: 'postgres://a@127.0.0.1:1/a' },
      'the service payments has no database',
    ],
  ])('%s: says so, and what to do, and ends with 1', async (_, wrong, words) => {
    const command = comptoir(['serve', '--json', '--port', '0', '--service', 'payments'], { env: wrong })
    expect((await command.ended).code).toBe(1)
    expect(command.stderr()).toContain(words)
    expect(command.stderr()).not.toMatch(/^\s+at /m)
  })

  it('an unreachable broker: orders are taken, and /readyz says what is away', async () => {
    const instance = await startInstance({ ...env, DATABASE_URL: ofStore.url, KAFKA_BROKERS: '127.0.0.1:1' }, [
      '--service',
      'store',
    ])
    const client = new Client(instance.url)
    const answer = await until('it says so', async () => {
      const ready = await client.get('/readyz')
      return /Connection to 127\.0\.0\.1:1 failed/.test(ready.text) && ready
    })
    expect([answer.status, answer.json().status]).toEqual([200, 'degraded'])
    expect((await client.post('/orders', { user_id: 1, items: [{ product_id: 1, quantity: 1 }] })).status).toBe(201)
    expect((await instance.stop()).code, instance.output()).toBe(0)
  })
})

describe('comptoir doctor', () => {
  const doctor = async (more: NodeJS.ProcessEnv) => {
    const command = comptoir(['doctor'], {
      env: { ...env, STORE_DATABASE_URL: ofStore.url, PAYMENTS_DATABASE_URL: ofPayments.url, ...more },
    })
    const { code } = await command.ended
    return { code, text: command.stdout() }
  }

  it('looks at both databases, Kafka and Redis', async () => {
    const { text } = await until('everything is in order but the letters', async () => {
      const told = await doctor({ REDIS_URL: redisUrl() })
      return /payments.held is done/.test(told.text) && !/!! {2}(nobody|topic)/.test(told.text) && told
    })
    expect(text.match(/^ok {2}PostgreSQL/gm)).toHaveLength(2)
    expect(text).toMatch(/^ok {2}Kafka at \S+, 1 broker$/m)
    for (const name of ['store', 'payments', 'store.control', 'payments.control'])
      expect(text).toMatch(
        new RegExp(`^ok  topic ${prefix}${name}: 6 partitions, 1 replica, 1 consuming, \\d+ messages behind$`, 'm'),
      )
    expect(text).toMatch(/^ok {2}Redis \d+\.\d+\.\d+ at redis:/m)
    expect(text).toContain('!!  5 dead letters at payments: look at /saga-api/dead-letters')
  })

  it('with Kafka and Redis away, says so and what to do, and ends with 1', async () => {
    const { code, text } = await doctor({ KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://:hidden@127.0.0.1:1' })
    expect(code).toBe(1)
    expect(text).toMatch(/^!! {2}Kafka at 127.0.0.1:1: .+: start it, or correct KAFKA_BROKERS\. Orders are taken meanwhile/m)
    expect(text).toMatch(/^!! {2}Redis at redis:\/\/127.0.0.1:1: .+: start it, or correct REDIS_URL\. Reads are answered/m)
    expect(text).not.toContain('hidden')
  })
})
