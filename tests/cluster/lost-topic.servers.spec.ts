import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { Admin } from '../../packages/kafka/src/client.ts'
import { Acknowledged } from '../crash/acknowledged.ts'
import { drain } from '../crash/drain.ts'
import { checkInvariants } from '../crash/invariants.ts'
import { Client } from '../kit/client.ts'
import { comptoir } from '../kit/command.ts'
import { databaseUrl, kafkaBrokers } from '../kit/servers/addresses.ts'
import { until } from '../kit/wait.ts'
import { ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'
import { kcat } from './kcat.ts'

const order = { user_id: 1, items: [{ product_id: 1, quantity: 1 }] }

const admin = (work: (admin: Admin, topic: string) => Promise<unknown>) => async (topic: string) => {
  const one = new Admin({ clientId: 'test', bootstrapBrokers: kafkaBrokers().split(','), retries: 30, retryDelay: 100 })
  await work(one, topic).finally(() => one.close())
}
/** Whoever carries a log is fenced, others take over, and what is published again goes behind what is there; far above it. */
const placedMs = 60_000
const offset = -1n
const partitions = Array.from({ length: 6 }, (_, partition) => ({ partition, offset }))

it.each([
  ['F18: the topic was deleted', admin((one, topic) => one.deleteTopics({ topics: [topic] }))],
  ['F17: retention has ended', admin((one, topic) => one.deleteRecords({ topics: [{ name: topic, partitions }] }))],
  [
    'F52: a stranger has consumed in the group',
    async (topic: string) => void kcat(['-X', 'auto.offset.reset=earliest', '-G', topic, '-e', topic]),
  ],
])(
  '%s, I5, I8, I9: orders whose messages were lost so stand still, and go on after comptoir republish, while instances run',
  async (_, lose) => {
    const database = await ownDatabase(databaseUrl())
    onTestFinished(() => database.drop())
    const prefix = `lost-${randomUUID()}.`
    const env = { DATABASE_URL: database.url, KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: prefix }
    // Two of the store: one carries its log, the other stands by.
    const stores = await Promise.all([1, 2].map(() => startInstance(env, ['--service', 'store'])))
    const shop = new Client(stores[0]?.url ?? '')
    const acknowledged = new Acknowledged()
    const place = async (wait = 0) => {
      const answer = await shop.post('/orders', order, wait > 0 ? { prefer: `wait=${wait}` } : {})
      expect(answer.status, answer.text).toBe(201)
      const { order_id, status } = answer.json<{ order_id: number; status: string }>()
      acknowledged.orders.set(order_id, { ...order, key: undefined })
      return { order_id, status }
    }
    const statuses = async (orders: readonly { order_id: number }[]) => {
      const read = orders.map(async ({ order_id }) => (await shop.get(`/orders/${order_id}`)).json().status)
      return [...new Set(await Promise.all(read))]
    }

    const lost = await Promise.all(Array.from({ length: 20 }, () => place()))
    await until('Kafka has acknowledged what the payments were told', () =>
      database.look(async (db) => {
        const [row] = await db.query<{ published: number }>(
          `select count(*)::int as published from store.log as l join store.position as p on p.consumer = 'payments/relay'
         where l.mailbox = 'payments' and l.definition is not null and (l.epoch, l.txid, l.pos) <= (p.epoch, p.txid, p.pos)`,
        )
        return row?.published === lost.length
      }),
    )
    await lose(`${prefix}payments`)
    const payments = await startInstance(env, ['--service', 'payments'])
    expect((await place(20)).status).toBe('PLACED')
    expect(await statuses(lost)).toEqual(['PENDING'])

    const command = comptoir(['republish', '--hours', '1'], { env })
    // Whoever carries the log meanwhile is fenced, and begins anew.
    const meanwhile: { order_id: number }[] = []
    for (let n = 0; n < 40; n += 1) meanwhile.push(await place())
    expect((await command.ended).code, command.stderr()).toBe(0)
    expect(command.stdout()).toMatch(/^comptoir: \d+ messages of store are published again/m)
    await until('the lost orders are placed', async () => (await statuses([...lost, ...meanwhile])).join() === 'PLACED', placedMs)
    expect((await place(20)).status).toBe('PLACED')
    await drain(shop.url)
    for (const instance of [...stores, payments]) expect((await instance.stop()).code, instance.output()).toBe(0)
    expect(await database.look((db) => checkInvariants(db, acknowledged))).toEqual([])
  },
  180_000,
)

it('F17: what was deleted before it was handled is an alarm of every instance until it is published again', async () => {
  const database = await ownDatabase(databaseUrl())
  onTestFinished(() => database.drop())
  const prefix = `gone-${randomUUID()}.`
  const env = { DATABASE_URL: database.url, KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: prefix }
  const start = async (service: string) => {
    const instance = await startInstance(env, ['--service', service])
    onTestFinished(async () => void (await instance.stop()))
    return new Client(instance.url)
  }
  const shop = await start('store')
  const place = async (wait: number) => {
    const answer = await shop.post('/orders', order, wait > 0 ? { prefer: `wait=${wait}` } : {})
    return answer.json<{ order_id: number; status: string }>()
  }
  const away = await startInstance(env, ['--service', 'payments'])
  for (let n = 0; n < 12; n += 1) expect((await place(20)).status).toBe('PLACED')
  expect((await away.stop()).code).toBe(0)
  const lost = await Promise.all(Array.from({ length: 12 }, () => place(0)))
  await until('Kafka has them', async () => {
    const told = kcat(['-C', '-t', `${prefix}payments`, '-o', 'beginning', '-e', '-f', '%h\\n'])
    return (told.match(/ce_type=StockDecreased/g) ?? []).length >= 24
  })
  await admin((one, topic) => one.deleteRecords({ topics: [{ name: topic, partitions }] }))(`${prefix}payments`)

  // Two: the one finds it, the other is told by the database.
  const instances = [await start('payments'), await start('payments')]
  const checks = async (client: Client) => (await client.get('/readyz')).json<{ status: string; checks?: string[] }>()
  const alarm =
    /the broker has deleted \d+ messages before they were handled \(.+payments\[\d\].*\): .+ comptoir republish --hours N/
  for (const instance of instances)
    await until('its /readyz says so', async () => {
      const { status, checks: words = [] } = await checks(instance)
      return status === 'degraded' && words.some((one) => alarm.test(one))
    })
  expect((await place(20)).status).toBe('PLACED')
  expect((await instances[1]?.get('/metrics'))?.text).toMatch(/comptoir_lost_messages\{service="payments"\} [1-9]/)
  const doctor = comptoir(['doctor'], { env })
  expect((await doctor.ended).code).toBe(1)
  expect(doctor.stdout()).toMatch(new RegExp(`^!! {2}${alarm.source}`, 'm'))

  const command = comptoir(['republish', '--hours', '1'], { env })
  expect((await command.ended).code, command.stderr()).toBe(0)
  for (const { order_id } of lost)
    await until(
      `order ${order_id} is placed`,
      async () => (await shop.get(`/orders/${order_id}`)).json().status === 'PLACED',
      placedMs,
    )
  for (const instance of instances) await until('its /readyz is well again', async () => (await checks(instance)).status === 'ok')
}, 180_000)

it.each([
  ['without Kafka', { KAFKA_BROKERS: '' }, ['--hours', '1'], 'there is nothing to publish again'],
  ['further back than a log reaches', {}, ['--hours', '169'], 'a whole number from 1 to 168'],
  ['without a number of hours', {}, [], 'required option'],
])('comptoir republish %s says so and ends with 1', async (_, wrong, args, words) => {
  const env = { DATABASE_URL: databaseUrl(), KAFKA_BROKERS: kafkaBrokers(), ...wrong }
  const command = comptoir(['republish', ...args], { env })
  expect((await command.ended).code).toBe(1)
  expect(command.stderr()).toContain(words)
  expect(command.stderr()).not.toMatch(/^\s+at /m)
})
