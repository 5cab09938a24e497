import { placeOrder } from '@comptoir/contracts'
import { firstUuidAt } from '@comptoir/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Orchestration } from '../../apps/comptoir/src/orchestration.ts'
import { userOnHold } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { refuseRows } from './fault.fixture.ts'
import { violations } from './invariants.fixture.ts'
import { openOperator } from './operator.fixture.ts'
import { participantProxy } from './participant-proxy.fixture.ts'
import { drained, newProduct, openShop, order, type Shop, stockOf } from './shop.fixture.ts'

let shop: Shop
let operator: Awaited<ReturnType<typeof openOperator>>
let product: number
beforeAll(async () => {
  // The shortest waits between attempts.
  shop = await openShop({ random: { next: () => 0 } })
  product = await newProduct(shop, 100)
  operator = await openOperator(shop)
})
afterAll(async () => {
  await operator.close()
  await shop.close()
})

const read = async (saga: string) => (await operator.inject({ method: 'GET', url: `/sagas/${saga}` })).json()
const act = async (saga: string, name: string, body?: object) => {
  const answer = await operator.inject({ method: 'POST', url: `/sagas/${saga}/${name}`, ...(body && { payload: body }) })
  return { status: answer.statusCode, body: answer.json() }
}
const stuck = async (saga: string) => {
  const { items } = (await operator.inject({ method: 'GET', url: '/stuck' })).json<{ items: { saga_id: string }[] }>()
  return items.find(({ saga_id }) => saga_id === saga)
}
const accept = async (): Promise<{ id: number; saga: string }> => {
  const { body } = await shop.call('POST', '/orders', { user_id: 1, items: [{ product_id: product, quantity: 1 }] })
  return { id: body.order_id, saga: (await order(shop, body.order_id)).saga_id }
}
const step = async (saga: string, name: string) => (await read(saga)).steps.find((one: { step: string }) => one.step === name)
const stepIs = (saga: string, name: string, status: string) =>
  until(`${name} is ${status}`, async () => (await step(saga, name)).status === status, 60_000)

describe('a saga whose step fails', () => {
  it('says that it is tried again, how often, why and when; a retry is refused meanwhile', async () => {
    const fault = await refuseRows(shop.database, 'insert', 'payments.payments')
    const { id, saga } = await accept()
    await stepIs(saga, 'createPayment', 'retrying')
    expect(await step(saga, 'createPayment')).toMatchObject({
      attempts: expect.any(Number),
      error: expect.stringContaining('injected'),
      waiting_since: expect.any(String),
      due: expect.any(String),
    })
    expect(await stuck(saga)).toMatchObject({
      reason: 'retrying',
      step: 'createPayment',
      service: 'payments',
      detail: expect.stringMatching(/createPayment at payments fails: .*injected.* \(\d attempts so far\)/),
      cure: expect.stringContaining('by itself'),
    })
    expect(await act(saga, 'retry')).toMatchObject({
      status: 409,
      body: {
        type: '/problems/nothing_to_retry',
        detail: expect.stringContaining('createPayment at payments, which is retrying'),
      },
    })
    await act(saga, 'pause')
    expect(await step(saga, 'createPayment')).toMatchObject({ status: 'paused' })
    await fault.heal()
    await act(saga, 'resume')
    await until('it is PLACED', async () => (await order(shop, id)).status === 'PLACED')
    expect(await stuck(saga)).toBeUndefined()
  })

  it('F46, F50: for good: the reason and the cure, and a retry brings it to its end, with its audit', async () => {
    const fault = await refuseRows(shop.database, 'update', 'store.orders', `new.status in ('PLACED', 'PAID')`)
    const { id, saga } = await accept()
    await stepIs(saga, 'linkPayment', 'dead')
    expect(await step(saga, 'linkPayment')).toMatchObject({ attempts: 8, error: expect.stringContaining('injected') })
    expect(await read(saga)).toMatchObject({ status: 'needs_attention', stuck: { reason: 'needs_attention' } })
    expect(await stuck(saga)).toMatchObject({
      reason: 'needs_attention',
      service: 'store',
      attempts: 8,
      order_id: id,
      detail: expect.stringMatching(/^linkPayment at store fails: .*injected/),
      cure: expect.stringContaining(`POST /saga-api/sagas/${saga}/retry`),
    })
    await act(saga, 'pause', { reason: 'first the cause' })
    expect(await act(saga, 'retry')).toMatchObject({ status: 409, body: { type: '/problems/saga_paused' } })
    expect(await stuck(saga)).toMatchObject({ reason: 'paused', detail: expect.stringContaining('first the cause') })
    await act(saga, 'resume')
    await fault.heal()
    expect(await act(saga, 'retry', { reason: 'repaired' })).toEqual({ status: 202, body: { retried: 1 } })
    await until('it is PLACED', async () => (await order(shop, id)).status === 'PLACED')
    const { acts } = await read(saga)
    expect(acts.map((one: { act: string; reason: string | null }) => [one.act, one.reason])).toEqual([
      ['pause', 'first the cause'],
      ['resume', null],
      ['retry', 'repaired'],
    ])
    expect(acts[0]).toMatchObject({ by: 'operator at 127.0.0.1', at: expect.any(String) })
  })
})

it('F46: an undo that is called and fails needs a person, the order says so; a retry calls it again', async () => {
  const left = await stockOf(shop, product)
  const stepsOf = (name: 'store' | 'payments') => (path: string, body: unknown) => {
    const [, , saga = '', , called = '', phase = ''] = path.split('/')
    const { definition, data } = body as { definition: string; data: unknown }
    return shop.instance.steps[name].call({ saga, definition, command: { step: called, phase: phase as 'do' }, body: data })
  }
  const store = await participantProxy(stepsOf('store'))
  const payments = await participantProxy(stepsOf('payments'))
  payments.fate = 'refuse'
  const orchestration = new Orchestration(shop.instance.orchestrator, [], { store: [store.url], payments: [payments.url] })
  orchestration.call('')
  const input = { user_id: userOnHold, items: [{ product_id: product, quantity: 2 }] }
  const begun = await orchestration.driver.begin(placeOrder, 'http', input)
  if (begun.kind !== 'begun') throw new Error('not begun')
  const { saga } = begun
  void orchestration.callDriver.drive(begun.drive)
  await until('it is at payments', () => payments.calls.length >= 2)
  store.fate = 'raise'
  payments.fate = 'pass'
  await until('it needs a person', async () => (await read(saga)).status === 'needs_attention', 60_000)
  const { order_id } = await read(saga)
  await until('the order says so', async () => (await order(shop, order_id)).status === 'NEEDS_ATTENTION')
  expect(await step(saga, 'decreaseStock')).toMatchObject({
    status: 'dead',
    attempts: 8,
    error: '500 Something went wrong in here.',
  })
  expect(await stuck(saga)).toMatchObject({
    reason: 'needs_attention',
    service: 'store',
    cure: expect.stringContaining('/retry'),
  })
  expect(await stockOf(shop, product)).toBe(left - 2)
  store.fate = 'pass'
  expect(await act(saga, 'retry')).toEqual({ status: 202, body: { retried: 1 } })
  await until('it is cancelled', async () => (await read(saga)).status === 'cancelled')
  expect(await read(saga)).toMatchObject({ attention: null, stuck: null })
  expect(await stockOf(shop, product)).toBe(left)
  await until('the order is CANCELLED', async () => (await order(shop, order_id)).status === 'CANCELLED')
  await orchestration.stop()
  await Promise.all([store.close(), payments.close()])
})

describe('a saga that nobody goes on with', () => {
  const hour = 3_600_000
  /** A saga that began an hour ago, and of which nothing is known but its row. */
  async function old(home: 'store' | 'orchestrator', style: string): Promise<string> {
    const id = `${firstUuidAt(Date.now() - hour).slice(0, 13)}-7${crypto.randomUUID().slice(15)}`
    await shop.database.query(
      `with open as (insert into ${home}.saga_open (id) values ($1))
       insert into ${home}.saga (id, definition, style, began_at) values ($1, $2, $3, now() - interval '1 hour')`,
      [id, placeOrder.id, style],
    )
    return id
  }
  const remove = async (home: string, id: string) => {
    for (const table of ['saga_open', 'saga']) await shop.database.query(`delete from ${home}.${table} where id = $1`, [id])
  }

  it('choreographed: it is overdue, and the service is named that has not answered', async () => {
    const id = await old('store', 'choreographed')
    expect(await stuck(id)).toMatchObject({
      reason: 'overdue',
      step: 'createOrder',
      service: 'store',
      cure: expect.stringContaining('Is store running?'),
    })
    expect(await step(id, 'createOrder')).toMatchObject({ status: 'overdue', attempts: 0, waiting_since: expect.any(String) })
    await remove('store', id)
  })

  it.each([
    ['messages', 'driver_gone', 'Is an orchestrator running?', `now() - interval '1 hour'`],
    ['http', 'driver_gone', 'Is an orchestrator running?', `now() - interval '1 hour'`],
    ['http', 'overdue', 'Is payments running?', `now() + interval '1 hour'`],
  ])('driven, %s: %s', async (style, reason, cure, due) => {
    const id = await old('orchestrator', style)
    await shop.instance.orchestration?.driver.stop()
    await shop.database.query(
      `insert into orchestrator.driving (saga, definition, style, kind, step, phase, data, asked, due)
       values ($1, $2, $3, 'running', 'createPayment', 'do', '{}', now() - interval '1 hour', ${due})`,
      [id, placeOrder.id, style],
    )
    expect(await stuck(id)).toMatchObject({ reason, cure: expect.stringContaining(cure) })
    await shop.database.query('delete from orchestrator.driving where saga = $1', [id])
    await remove('orchestrator', id)
  })

  it('F26: because no code knows its declaration: who holds what', async () => {
    const id = await old('store', 'choreographed')
    await shop.database.query(
      `insert into payments.held_message (key, state, source, type, definition, body, created)
       values ($1, 'unknown', 'store', 'StockDecreased', 'PlaceOrder/9/later', '{}', now())`,
      [id],
    )
    expect(await stuck(id)).toMatchObject({
      reason: 'unknown_declaration',
      service: 'payments',
      detail: expect.stringContaining('PlaceOrder/9/later'),
      cure: expect.stringContaining('Start a release of payments'),
    })
    await shop.database.query(`delete from payments.held_message where key = $1`, [id])
    await remove('store', id)
  })

  it('is not listed when it has ended', async () => {
    const id = await old('store', 'choreographed')
    await shop.database.query(`update store.saga set outcome = 'cancelled', ended_at = now() where id = $1`, [id])
    expect((await read(id)).stuck).toBeNull()
    await shop.database.query('delete from store.saga_open where id = $1', [id])
    expect(await stuck(id)).toBeUndefined()
    await remove('store', id)
  })
})

it('at the end, all invariants hold', async () => {
  await drained(shop)
  expect(await violations(shop.database)).toEqual([])
})
