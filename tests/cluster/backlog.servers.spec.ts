import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { startKafka } from '../../scripts/servers/kafka.mjs'
import { drain } from '../crash/drain.ts'
import type { Answer } from '../kit/client.ts'
import { problemOf } from '../kit/problem.ts'
import type { StoreProcess } from '../kit/process.ts'
import { databaseUrl, kafkaBrokers } from '../kit/servers/addresses.ts'
import { Shop } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'

const line = [{ product_id: 1, quantity: 1 }]

async function scratch(): Promise<OwnDatabase> {
  const database = await ownDatabase(databaseUrl())
  onTestFinished(() => database.drop())
  return database
}

async function started(env: NodeJS.ProcessEnv): Promise<StoreProcess> {
  const instance = await startInstance(env)
  onTestFinished(async () => void (await instance.kill()))
  return instance
}

const tryToPlace = (shop: Shop): Promise<Answer> => shop.post('/store-api/orders', { user_id: 1, items: line })

/** Places orders until one is refused. */
async function placeUntilRefused(shop: Shop): Promise<{ accepted: number[]; refusal: Answer }> {
  const accepted: number[] = []
  const refusal = await until(
    'an order is refused',
    async () => {
      const answer = await tryToPlace(shop)
      if (answer.status !== 201) return answer
      accepted.push(answer.json<{ order_id: number }>().order_id)
      return undefined
    },
    60_000,
  )
  return { accepted, refusal }
}

const numberOfOrders = async (database: OwnDatabase): Promise<number> => {
  const [row] = await database.look((db) => db.query<{ n: number }>('select count(*)::int as n from store.orders'))
  return row?.n ?? 0
}

async function messagesBehind(shop: Shop): Promise<number> {
  const { text } = await shop.get('/metrics')
  return Number(/^comptoir_consumer_lag_messages\{consumer="store\/relay",source="store"\} (\d+)$/m.exec(text)?.[1])
}

it('F14: while Kafka is stopped orders are taken up to the bound, then refused by every instance with 503; when it is back they are taken again, and all that were accepted end', async () => {
  const kafka = await startKafka()
  onTestFinished(() => kafka.stop('kill'))
  const database = await scratch()
  const env = { DATABASE_URL: database.url, KAFKA_BROKERS: kafka.brokers, BACKLOG_ROWS: '60' }
  const [carrying, standingBy] = [new Shop((await started(env)).url), new Shop((await started(env)).url)]
  expect((await carrying.placed(line)).status).toBe('PLACED')
  await kafka.stop('kill')

  const { accepted, refusal } = await placeUntilRefused(carrying)
  expect(problemOf(refusal)).toEqual([503, 'overloaded'])
  expect(refusal.headers.get('retry-after')).toBe('5')
  expect(refusal.json().detail).toMatch(/^\d+ messages wait .+ nothing was written\. .+ send this one again in a few seconds\.$/)
  expect(await messagesBehind(carrying)).toBeGreaterThan(60)
  const others = await placeUntilRefused(standingBy)
  accepted.push(...others.accepted)
  expect(problemOf(others.refusal)).toEqual([503, 'overloaded'])
  const driven = await standingBy.post('/saga-api/saga/order', { user_id: 1, items: line }, { prefer: 'respond-async' })
  expect(problemOf(driven)).toEqual([503, 'overloaded'])

  expect(accepted.length).toBeGreaterThan(5)
  expect(await numberOfOrders(database)).toBe(accepted.length + 1)
  expect((await carrying.order(accepted[0] as number)).status).toBe('PENDING')
  const ready = await carrying.get('/readyz')
  expect([ready.status, ready.json().status]).toEqual([200, 'degraded'])
  expect(ready.text).toMatch(/\d+ messages wait to be handled, so no order is taken/)

  await kafka.start()
  const again = await until(
    'orders are taken again',
    async () => {
      const answer = await tryToPlace(standingBy)
      return answer.status === 201 && answer
    },
    60_000,
  )
  for (const id of [...accepted, again.json<{ order_id: number }>().order_id])
    await until(`order ${id} is placed`, async () => (await carrying.order(id)).status === 'PLACED', 60_000)
}, 240_000)

it('F14: where Kafka was never reached, too, no order is taken when a message has waited for five minutes', async () => {
  const database = await scratch()
  const shop = new Shop((await started({ DATABASE_URL: database.url, KAFKA_BROKERS: '127.0.0.1:1' })).url)
  await shop.accept(line)
  await database.look((db) => db.query(`update store.log set created = created - interval '301 seconds'`))
  const { refusal } = await placeUntilRefused(shop)
  expect(problemOf(refusal)).toEqual([503, 'overloaded'])
  expect(refusal.json().detail).toMatch(/^A message waits for 3\d\d s to be handled, so no order is taken/)
}, 120_000)

it('F14: who read the logs before an installation got Kafka does not count, and is not shown as behind', async () => {
  const { url } = await scratch()
  const before = await startInstance({ DATABASE_URL: url })
  expect((await new Shop(before.url).placed(line)).status).toBe('PLACED')
  await before.stop()
  const env = { KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: `backlog-${randomUUID()}.`, BACKLOG_ROWS: '20' }
  const instance = await started({ DATABASE_URL: url, ...env })
  const shop = new Shop(instance.url)
  for (let n = 0; n < 10; n += 1) expect((await shop.placed(line)).status).toBe('PLACED')
  // The backlog is looked at every second: orders are taken before and after that.
  const look = performance.now() + 2_000
  await until('a look at the backlog of ten orders', async () => {
    expect((await shop.placed(line)).status).toBe('PLACED')
    return performance.now() > look
  })
  await drain(instance.url)
}, 120_000)
