import { placeOrder } from '@comptoir/contracts'
import { createServer } from '@comptoir/http'
import { sagaOrderApi } from '@comptoir/orchestrator'
import type { Answer } from '@comptoir/saga'
import { completeAnswer, type ReadWaits } from '@comptoir/store'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Orchestration } from '../../apps/comptoir/src/orchestration.ts'
import { until } from '../kit/wait.ts'
import { type ParticipantProxy, participantProxy } from './participant-proxy.fixture.ts'
import { drained, newProduct, openShop, type Shop, stockOf } from './shop.fixture.ts'

let shop: Shop
let store: ParticipantProxy
let payments: ParticipantProxy
let orchestration: Orchestration
let app: ReturnType<typeof createServer>

/** The steps of a participant, as its own process would answer them. */
const stepsOf = (name: 'store' | 'payments') => (path: string, body: unknown) => {
  const [, , saga = '', , step = '', phase = ''] = path.split('/')
  const { definition, data } = body as { definition: string; data: unknown }
  return shop.instance.steps[name].call({ saga, definition, command: { step, phase: phase as 'do' }, body: data })
}

beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())
beforeEach(async () => {
  store = await participantProxy(stepsOf('store'))
  payments = await participantProxy(stepsOf('payments'))
  orchestration = new Orchestration(shop.instance.orchestrator, [], { store: [store.url], payments: [payments.url] })
  orchestration.call('')
  const { driver, callDriver, participants, ends } = orchestration
  app = createServer({ allowedHosts: 'loopback' })
  await app.register(
    sagaOrderApi({ work: shop.instance.orchestrator, driver, callDriver, participants, ends, overloaded: () => undefined }),
  )
})
afterEach(async () => {
  await app.close()
  await orchestration.stop()
  await Promise.all([store.close(), payments.close()])
})

const place = (product_id: number, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url: '/saga/order', headers, payload: { user_id: 1, items: [{ product_id, quantity: 1 }] } })

const paymentsOf = async (order: unknown) =>
  (await shop.database.query('select from payments.payments where order_id = $1', [Number(order)])).length

const endOf = (saga: string) => until('the end of the saga', () => orchestration.ends.of(saga, 1_000))

describe('F36: a participant that does not answer', () => {
  it('is waited for as long as the request has time: 202 with the place of the saga, which ends when it is back', async () => {
    const product = await newProduct(shop, 5)
    payments.fate = 'hang'
    const answer = await place(product, { prefer: 'wait=1' })
    const { saga_id } = answer.json()
    expect([answer.statusCode, answer.headers.location]).toEqual([202, `/saga-api/sagas/${saga_id}`])
    expect(await shop.database.query('select step, phase, style from orchestrator.driving')).toEqual([
      { step: 'createPayment', phase: 'do', style: 'http' },
    ])
    payments.fate = 'pass'
    const end = await endOf(saga_id)
    expect([end.outcome, await paymentsOf(end.subject), await stockOf(shop, product)]).toEqual(['completed', 1, 4])
  })

  it('I9: is asked again when its answer was lost, and has done its step once', async () => {
    const product = await newProduct(shop, 5)
    payments.fate = 'lose'
    const answering = place(product)
    await until('it was called twice', () => payments.calls.length >= 2)
    payments.fate = 'pass'
    const answer = await answering
    expect([answer.statusCode, answer.json().status]).toEqual([200, 'OK'])
    expect([await paymentsOf(answer.json().order_id), await stockOf(shop, product)]).toEqual([1, 4])
  })

  it('I19: undoes as surely: an undo whose answer was lost is repeated', async () => {
    const product = await newProduct(shop, 5)
    payments.fate = 'refuse'
    const answering = app.inject({
      method: 'POST',
      url: '/saga/order',
      payload: { user_id: 4, items: [{ product_id: product, quantity: 2 }] },
    })
    await until('the order is at payments', () => payments.calls.length >= 1)
    store.fate = 'lose'
    payments.fate = 'pass'
    await until('an undo was lost twice', () => store.calls.filter((path) => path.endsWith('/undo')).length >= 2)
    store.fate = 'pass'
    const answer = await answering
    expect([answer.statusCode, answer.json().reason, await stockOf(shop, product)]).toEqual([409, 'on_hold', 5])
  })

  it('F45, I4: does not keep an order from being given up: who drives it is asked, and the payment is never made', async () => {
    const product = await newProduct(shop, 5)
    payments.fate = 'refuse'
    const { saga_id } = (await place(product, { prefer: 'wait=1' })).json()
    const [row] = await shop.database.query<{ id: number }>('select id from store.orders where saga_id = $1', [saga_id])
    const deleting = shop.call('DELETE', `/orders/${row?.id}`)
    await until('its driver wants to know', async () => {
      const [drive] = await shop.database.query<{ phase: string; reason: string }>(
        'select phase, reason from orchestrator.driving where saga = $1',
        [saga_id],
      )
      return drive?.phase === 'settle' && drive.reason === 'cancelled'
    })
    payments.fate = 'pass'
    expect(await deleting).toMatchObject({ status: 200, body: { deleted: true } })
    expect(await endOf(saga_id)).toMatchObject({ outcome: 'cancelled' })
    // What there is closes the order to any payment.
    const made = await shop.database.query('select from payments.payments where order_id = $1 and total is not null', [
      row?.id ?? 0,
    ])
    expect([made.length, await stockOf(shop, product)]).toEqual([0, 5])
    expect(payments.calls.at(-1)).toMatch(/createPayment\/settle$/)
  })

  it('F37: is not stormed: its sagas call ever more seldom, and operators are told of it', async () => {
    const product = await newProduct(shop, 5)
    payments.fate = 'refuse'
    const answer = await place(product, { prefer: 'wait=3' })
    expect(answer.statusCode).toBe(202)
    // After 50 ms at the least, twice as long each time: seven in three seconds at the most.
    expect(payments.calls.length).toBeLessThanOrEqual(7)
    expect(orchestration.participants.troubles).toEqual(['payments does not answer the orchestrator: 503 Not just now.'])
    payments.fate = 'pass'
    expect(await endOf(answer.json().saga_id)).toMatchObject({ outcome: 'completed' })
    expect(orchestration.participants.troubles).toEqual([])
  })
})

it('its calls are one trace, which is the saga', async () => {
  const { saga_id } = (await place(await newProduct(shop, 5))).json()
  const traces = [...store.traces, ...payments.traces]
  expect(traces.length).toBeGreaterThanOrEqual(4)
  for (const trace of traces) expect(trace).toMatch(new RegExp(`^00-${saga_id.replaceAll('-', '')}-[\\da-f]{16}-01$`))
  expect(new Set(traces).size).toBe(traces.length)
})

it('a participant with several instances is called at the next one when one is gone', async () => {
  const product = await newProduct(shop, 5)
  await payments.close()
  const second = await participantProxy(stepsOf('payments'))
  const { orchestrator } = shop.instance
  const other = new Orchestration(orchestrator, [], { store: [store.url], payments: [payments.url, second.url] })
  other.call('')
  const { driver, callDriver, participants, ends } = other
  const server = createServer({ allowedHosts: 'loopback' })
  await server.register(sagaOrderApi({ work: orchestrator, driver, callDriver, participants, ends, overloaded: () => undefined }))
  const payload = { user_id: 1, items: [{ product_id: product, quantity: 1 }] }
  const answer = await server.inject({ method: 'POST', url: '/saga/order', payload })
  expect([answer.statusCode, second.calls.length]).toEqual([200, 1])
  payments = second
  await server.close()
  await other.stop()
})

it('what is no participant is not believed: an answer of something else at its address is none', async () => {
  const product = await newProduct(shop, 5)
  const stranger = await participantProxy(async () => ({ status: 'ok' }))
  const other = new Orchestration(shop.instance.orchestrator, [], { store: [stranger.url] })
  const asked = other.participants.call(
    'store',
    {
      saga: shop.instance.ports.ids.uuid(),
      definition: placeOrder.id,
      command: { step: 'createOrder', phase: 'do' },
      body: { input: { user_id: 1, items: [{ product_id: product, quantity: 1 }] } },
    },
    AbortSignal.timeout(5_000),
  )
  await expect(asked).rejects.toThrow('is no step of a participant')
  await stranger.close()
})

it('a process that stops answers 202 to those who wait, and the next one goes on', async () => {
  const product = await newProduct(shop, 5)
  payments.fate = 'hang'
  const answering = place(product)
  await until('it is at payments', () => payments.calls.length > 0)
  await orchestration.letGo()
  const answer = await answering
  expect(answer.statusCode).toBe(202)
  payments.fate = 'pass'
  const next = new Orchestration(shop.instance.orchestrator, [], { store: [store.url], payments: [payments.url] })
  next.call('')
  expect(await until('the end', () => next.ends.of(answer.json().saga_id, 1_000))).toMatchObject({ outcome: 'completed' })
  await next.stop()
  await drained(shop)
})

it('I13: the last step answers when the read model shows the order and its stock as the saga leaves them, no other one waits', async () => {
  const product = await newProduct(shop, 5)
  const { saga_id, order_id } = (await place(product)).json()
  const asked: unknown[] = []
  let show = (): void => {}
  const shown = new Promise<undefined>((resolve) => {
    show = () => resolve(undefined)
  })
  const waits = {
    order: (id: number) => {
      asked.push(id)
      return shown
    },
    reached: async (kind: string, versions: readonly object[]) => {
      asked.push(kind, ...versions)
    },
  }
  const complete = completeAnswer(shop.instance.store, waits as unknown as ReadWaits)
  const step = (name: string, phase: 'do' | 'undo') => {
    const call = { saga: saga_id, definition: placeOrder.id, command: { step: name, phase }, body: {} }
    const answer = phase === 'undo' ? { outcome: 'undone' } : { outcome: 'done', result: {} }
    return complete(call, { step: name, phase, ...answer } as Answer)
  }
  expect(await step('decreaseStock', 'do')).toEqual({})
  expect(asked).toEqual([])
  for (const [name, phase] of [
    ['linkPayment', 'do'],
    ['createOrder', 'undo'],
  ] as const) {
    let answered = false
    void step(name, phase).then(() => {
      answered = true
    })
    await until('the read model is asked', () => asked.length === 3)
    expect([asked.splice(0), answered]).toEqual([
      expect.arrayContaining([order_id, 'stock', { id: product, version: expect.any(Number) }]),
      false,
    ])
  }
  show()
})
