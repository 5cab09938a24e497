import { describe, expect, it } from 'vitest'
import { problemOf } from '../../kit/problem.ts'
import { userOnHold } from '../../kit/shop.ts'
import { withStore } from '../../kit/suite.ts'

interface Saga {
  readonly saga_id: string
  readonly saga: string
  readonly status: string
  readonly state: string
  readonly reason: string | null
  readonly order_id: number
  readonly steps: readonly { readonly step: string; readonly status: string }[]
  readonly journal: readonly { readonly message: string; readonly service: string; readonly step: string; readonly at: string }[]
}

const store = withStore()
const keyboard = [{ product_id: 2, quantity: 1 }]
const read = async (id: string) => (await store.shop.get(`/saga-api/sagas/${id}`)).json<Saga>()
const messages = ({ journal }: Saga) => journal.map(({ message }) => message)
const steps = (saga: Saga) => saga.steps.map(({ step, status }) => `${step} ${status}`)

describe('GET /saga-api/sagas/:id', () => {
  it('shows a saga that completed: its plan, and its journal in the order of time', async () => {
    const order = await store.shop.placed(keyboard)
    const saga = await read(order.saga_id)
    expect(saga).toMatchObject({
      saga: 'PlaceOrder',
      status: 'completed',
      state: 'COMPLETED',
      reason: null,
      order_id: order.order_id,
    })
    expect(messages(saga)).toEqual(['OrderCreated', 'StockDecreased', 'PaymentCreated', 'PaymentLinked'])
    expect(saga.journal.map(({ service }) => service)).toEqual(['store', 'store', 'payments', 'store'])
    expect(saga.journal.map(({ at }) => at)).toEqual(saga.journal.map(({ at }) => at).sort())
    expect(new Set(saga.steps.map(({ status }) => status))).toEqual(new Set(['done']))
  })

  it('I19: shows what was undone, in reverse: refused by the stock', async () => {
    const saga = await read((await store.shop.placed([{ product_id: 3, quantity: 3 }])).saga_id)
    expect([saga.status, saga.reason]).toEqual(['cancelled', 'out_of_stock'])
    expect(messages(saga)).toEqual(['OrderCreated', 'StockDecreaseFailed', 'OrderCancelled'])
    expect(steps(saga)).toEqual(['createOrder undone', 'decreaseStock failed', 'createPayment waiting', 'linkPayment waiting'])
  })

  it('I19: shows what was undone, in reverse: refused at payment', async () => {
    const saga = await read((await store.shop.placed(keyboard, userOnHold)).saga_id)
    expect([saga.status, saga.reason]).toEqual(['cancelled', 'on_hold'])
    expect(messages(saga)).toEqual([
      'OrderCreated',
      'StockDecreased',
      'PaymentCreationFailed',
      'StockIncreased',
      'OrderCancelled',
    ])
    expect(steps(saga)).toEqual(['createOrder undone', 'decreaseStock undone', 'createPayment failed', 'linkPayment waiting'])
  })

  it('an unknown saga is 404', async () => {
    const answer = await store.shop.get('/saga-api/sagas/0193e0c6-6b1a-7cc0-8f0e-000000000001')
    expect(problemOf(answer)).toEqual([404, 'unknown_saga'])
  })
})

describe('GET /saga-api/sagas', () => {
  const list = async (query: string) =>
    (await store.shop.get(`/saga-api/sagas${query}`)).json<{ items: Saga[]; next: string | null }>()

  it('pages through all sagas, newest first, each once', async () => {
    const order = await store.shop.placed(keyboard)
    await store.shop.delete(`/store-api/orders/${order.order_id}`)
    const all = (await list('?limit=200')).items
    expect(all[0]).toMatchObject({ saga: 'CancelOrder', order_id: order.order_id, status: 'completed' })
    const seen: string[] = []
    for (let next: string | null | undefined; next !== null; ) {
      const page: { items: Saga[]; next: string | null } = await list(`?limit=2${next === undefined ? '' : `&cursor=${next}`}`)
      seen.push(...page.items.map(({ saga_id }) => saga_id))
      next = page.next
    }
    expect(seen).toEqual(all.map(({ saga_id }) => saga_id))
    expect(seen).toEqual([...seen].sort().reverse())
  })

  it('chooses by state', async () => {
    const cancelled = await store.shop.placed(keyboard, userOnHold)
    const { items } = await list('?state=cancelled')
    expect(items.map(({ saga_id }) => saga_id)).toContain(cancelled.saga_id)
    expect(new Set(items.map(({ status }) => status))).toEqual(new Set(['cancelled']))
    expect(new Set((await list('?state=completed')).items.map(({ status }) => status))).toEqual(new Set(['completed']))
    expect((await list('?state=needs_attention')).items).toEqual([])
    expect((await list('?state=running')).items).toEqual([])
    expect(problemOf(await store.shop.get('/saga-api/sagas?state=done'))).toEqual([400, 'enum', 'state'])
  })
})

describe('dead letters', () => {
  it('a store at work has none, and a saga without one cannot be tried again', async () => {
    const order = await store.shop.placed(keyboard)
    expect((await store.shop.get('/saga-api/dead-letters')).json()).toEqual({ items: [] })
    const answer = await store.shop.post(`/saga-api/sagas/${order.saga_id}/retry`)
    expect(problemOf(answer)).toEqual([409, 'nothing_to_retry'])
  })
})
