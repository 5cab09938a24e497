import { randomUUID } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { Client } from '../kit/client.ts'
import { pausedOrder } from '../kit/paused-order.ts'
import type { StoreProcess } from '../kit/process.ts'
import { databaseUrl, kafkaBrokers } from '../kit/servers/addresses.ts'
import { until } from '../kit/wait.ts'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'

interface Saga {
  readonly status: string
  readonly steps: readonly { readonly step: string; readonly status: string }[]
}

const instances: StoreProcess[] = []
const databases: OwnDatabase[] = []
const database = async () => {
  const own = await ownDatabase(databaseUrl())
  databases.push(own)
  return own
}
async function instance(env: NodeJS.ProcessEnv, args: readonly string[] = []): Promise<StoreProcess> {
  const started = await startInstance(env, args)
  instances.push(started)
  return started
}
afterEach(async () => {
  await Promise.all(instances.splice(0).map((one) => one.kill()))
  await Promise.all(databases.splice(0).map((own) => own.drop()))
})

const read = async ({ url }: StoreProcess, saga: string) =>
  (await new Client(`${url}/saga-api`).get(`/sagas/${saga}`)).json<Saga>()
const act = ({ url }: StoreProcess, saga: string, name: string) => new Client(`${url}/saga-api`).post(`/sagas/${saga}/${name}`)
const order = { user_id: 1, items: [{ product_id: 1, quantity: 1 }] }

it('F3: on PostgreSQL, an order that another instance than the working one has paused stays so when that is killed', async () => {
  const own = await database()
  const working = await instance({ DATABASE_URL: own.url })
  const standing = await instance({ DATABASE_URL: own.url })
  const shop = new Client(`${standing.url}/store-api`)
  const saga = await pausedOrder(new Client(standing.url), 'choreographed', () => shop.post('/orders', order))
  await shop.post('/orders', order, { prefer: 'wait=20' })
  const { steps } = await read(standing, saga)
  await working.kill()
  // The other one works by now.
  expect((await shop.post('/orders', order, { prefer: 'wait=20' })).json()).toMatchObject({ status: 'PLACED' })
  expect(await read(standing, saga)).toMatchObject({
    status: 'paused',
    steps: steps.map(({ step, status }) => ({ step, status })),
  })
  expect((await act(standing, saga, 'resume')).status).toBe(200)
  await until('it is completed', async () => (await read(standing, saga)).status === 'completed')
})

it('on Kafka, an order that is paused while payments are away is not paid for when they are back, whose database nobody else knows', async () => {
  const [ofStore, ofPayments] = [await database(), await database()]
  const kafka = { KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: `pause-${randomUUID()}.` }
  const env = { ...kafka, PAYMENTS_DATABASE_URL: ofPayments.url }
  const store = await instance({ ...kafka, STORE_DATABASE_URL: ofStore.url }, ['--service', 'store'])
  const away = await instance(env, ['--service', 'payments'])
  const shop = new Client(store.url)
  expect((await shop.post('/orders', order, { prefer: 'wait=20' })).json()).toMatchObject({ status: 'PLACED' })
  await away.stop()

  const { order_id } = (await shop.post('/orders', order)).json<{ order_id: number }>()
  const { saga_id } = (await shop.get(`/orders/${order_id}`)).json<{ saga_id: string }>()
  const step = async (name: string) => (await read(store, saga_id)).steps.find((one) => one.step === name)?.status
  await until('its stock is taken', async () => (await step('decreaseStock')) === 'done')
  expect((await act(store, saga_id, 'pause')).status).toBe(200)
  await instance(env, ['--service', 'payments'])
  // Orders that begin later pass it by.
  for (let other = 0; other < 3; other += 1)
    expect((await shop.post('/orders', order, { prefer: 'wait=20' })).json()).toMatchObject({ status: 'PLACED' })
  expect((await shop.get(`/orders/${order_id}`)).json()).toMatchObject({ status: 'PENDING', payment_link: '' })
  const paid = () => ofPayments.look((db) => db.query('select from payments.payments where order_id = $1', [order_id]))
  expect(await paid()).toEqual([])
  expect((await act(store, saga_id, 'resume')).status).toBe(200)
  await until('it is PLACED', async () => (await shop.get(`/orders/${order_id}`)).json<{ status: string }>().status === 'PLACED')
  expect((await paid()).length).toBe(1)
})
