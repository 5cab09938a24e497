import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { tcpProxy } from '../../packages/runtime/src/testing/tcp-proxy.ts'
import { Client } from '../kit/client.ts'
import type { StoreProcess } from '../kit/process.ts'
import { databaseUrl, kafkaBrokers } from '../kit/servers/addresses.ts'
import { until } from '../kit/wait.ts'
import { ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'

const mailboxes = ['store', 'payments'] as const
/** So many keys are in all partitions. */
const orders = 40
/** Silence of the server, leaving, and a new order of the shares; far above it. */
const patienceMs = 60_000

/** How many messages of a mailbox an instance has handled; 0 while it cannot tell. */
async function handled({ url }: StoreProcess, mailbox: string): Promise<number> {
  const { text } = await new Client(url).get('/metrics')
  return Number(new RegExp(`comptoir_messages_total\\{consumer="${mailbox}"\\} (\\d+)`).exec(text)?.[1] ?? 0)
}

it.each([
  ['hears nothing from', true],
  ['has lost its connections to', false],
])(
  'F38: one of two instances that reaches Kafka and %s PostgreSQL leaves its keys to the other: all sagas end meanwhile; later it takes a share again',
  async (_, mute) => {
    const database = await ownDatabase(databaseUrl())
    onTestFinished(() => database.drop())
    const way = await tcpProxy(database.url)
    onTestFinished(() => way.close())
    const env = { KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: `no-database-${randomUUID()}.` }
    const near = await startInstance({ ...env, DATABASE_URL: database.url })
    const cutOff = await startInstance({ ...env, DATABASE_URL: way.through(database.url) })
    const shop = new Client(near.url)
    const place = async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        const answer = await shop.post('/store-api/orders', { user_id: 1, items: [{ product_id: 1, quantity: 1 }] })
        expect(answer.status).toBe(201)
      }
    }
    const ended = async () => (await database.look((db) => db.query('select from store.saga_open'))).length === 0
    const shares = (what: string, since: readonly number[]) =>
      until(
        what,
        async () => {
          await place(1)
          const counts = await Promise.all(mailboxes.map((mailbox) => handled(cutOff, mailbox)))
          return counts.every((count, index) => count > (since[index] ?? 0)) && counts
        },
        patienceMs,
      )

    await shares('it has a share of both mailboxes', [0, 0])
    await until('all have ended', ended)
    const before = await Promise.all(mailboxes.map((mailbox) => handled(cutOff, mailbox)))

    way.onRequest = way.onAnswer = () => false
    if (!mute) way.cut()
    await place(orders)
    await until('all sagas have ended without it', ended, patienceMs)

    way.onRequest = way.onAnswer = () => undefined
    way.cut()
    await shares('it has a share of both mailboxes again', before)
    await until('all have ended at last', ended)
    for (const instance of [near, cutOff]) expect((await instance.stop()).code, instance.output()).toBe(0)
  },
  240_000,
)
