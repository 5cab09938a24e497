import { describe, expect, it } from 'vitest'
import { scratchFolder } from '../../kit/folder.ts'
import { pausedOrder } from '../../kit/paused-order.ts'
import { problemOf } from '../../kit/problem.ts'
import { startStore } from '../../kit/process.ts'
import { Shop } from '../../kit/shop.ts'
import { withStore } from '../../kit/suite.ts'
import { until } from '../../kit/wait.ts'

interface Saga {
  readonly saga_id: string
  readonly status: string
  readonly order_id: number | null
  readonly paused: { readonly by: string; readonly reason: string | null } | null
  readonly stuck: { readonly reason: string; readonly cure: string } | null
  readonly steps: readonly { readonly step: string; readonly status: string; readonly attempts: number }[]
  readonly acts: readonly { readonly act: string; readonly by: string; readonly reason: string | null }[]
}

const store = withStore()
const styles = ['choreographed', 'messages', 'http'] as const
const nobody = '0193e0c6-6b1a-7cc0-8f0e-000000000001'
const lines = (product_id: number) => [{ product_id, quantity: 1 }]
const read = async (shop: Shop, id: string) => (await shop.get(`/saga-api/sagas/${id}`)).json<Saga>()
const act = (shop: Shop, id: string, name: string, body?: unknown) => shop.post(`/saga-api/sagas/${id}/${name}`, body)

/** Places an order in a style, and does not wait for its end. */
function place(shop: Shop, style: (typeof styles)[number], product: number): Promise<unknown> {
  const body = { user_id: 1, items: lines(product) }
  if (style === 'choreographed') return shop.post('/store-api/orders', body)
  return shop.post('/saga-api/saga/order', body, { prefer: style === 'messages' ? 'respond-async' : 'wait=0' })
}

const paused = (shop: Shop, style: (typeof styles)[number], product: number, reason?: string): Promise<string> =>
  pausedOrder(shop, style, () => place(shop, style, product), reason)
const ended = (shop: Shop, id: string) =>
  until('the end of the saga', async () => {
    const saga = await read(shop, id)
    return /^c/.test(saga.status) && saga
  })

describe.each(styles)('an order that is paused, %s', (style) => {
  it('does not go on, says so with its cure, and is PLACED when it is resumed', async () => {
    const { shop } = store
    const product = await shop.product({ stock: 10_000 })
    const id = await paused(shop, style, product, 'the courier is away')
    // What was under way comes to its end meanwhile.
    await shop.placed(lines(product))
    const saga = await read(shop, id)
    expect(saga).toMatchObject({
      status: 'paused',
      paused: { by: expect.stringMatching(/^operator at /), reason: 'the courier is away' },
      stuck: { reason: 'paused', cure: expect.stringContaining(`POST /saga-api/sagas/${id}/resume`) },
    })
    // Orders that began later pass it by.
    await shop.placed(lines(product))
    const after = await read(shop, id)
    expect([after.status, after.steps.map(({ status }) => status)]).toEqual(['paused', saga.steps.map(({ status }) => status)])
    expect(after.steps.map(({ status }) => status)).toContain('paused')
    const listed = (await shop.get('/saga-api/sagas?state=paused')).json<{ items: Saga[] }>().items
    expect(listed.map(({ saga_id }) => saga_id)).toEqual([id])
    const stuck = (await shop.get('/saga-api/stuck')).json<{ items: { saga_id: string; reason: string }[] }>().items
    expect(stuck.find(({ saga_id }) => saga_id === id)).toMatchObject({
      reason: 'paused',
      detail: expect.stringContaining('the courier is away'),
    })

    expect(problemOf(await act(shop, id, 'pause'))).toEqual([409, 'already_paused'])
    const retried = await act(shop, id, 'retry')
    expect(problemOf(retried)).toEqual([409, 'saga_paused'])
    expect(retried.json<{ detail: string }>().detail).toContain('/resume')

    const resumed = await act(shop, id, 'resume', { reason: 'he is back' })
    expect([resumed.status, resumed.json()]).toEqual([200, { saga_id: id, paused: false }])
    const end = await ended(shop, id)
    expect(end).toMatchObject({ status: 'completed', paused: null, stuck: null })
    expect(await shop.orderAtRest(end.order_id ?? 0)).toMatchObject({ status: 'PLACED' })
    expect(end.acts.map(({ act, reason }) => [act, reason])).toEqual([
      ['pause', 'the courier is away'],
      ['resume', 'he is back'],
    ])
    for (const name of ['pause', 'resume', 'cancel']) expect(problemOf(await act(shop, id, name))).toEqual([409, 'saga_ended'])
    expect(problemOf(await act(shop, id, 'retry'))).toEqual([409, 'nothing_to_retry'])
  })

  it('can be cancelled, and what it took is given back', async () => {
    const { shop } = store
    const product = await shop.product({ stock: 10_000 })
    const id = await paused(shop, style, product)
    const answer = await act(shop, id, 'cancel')
    // It was caught before its pivot, or after it.
    if (answer.status === 409) {
      expect(problemOf(answer)).toEqual([409, 'too_late'])
      await act(shop, id, 'resume')
      return void (await ended(shop, id))
    }
    expect([answer.status, answer.json()]).toEqual([200, { cancelled: true }])
    const { acts } = await read(shop, id)
    expect(acts.map(({ act }) => act)).toEqual(['pause', 'cancel'])
  })
})

it.each(styles)('F3: an order that is paused, %s, is so after a restart, and goes on when it is resumed', async (style) => {
  const data = scratchFolder()
  const first = await startStore({ data })
  const before = new Shop(first.url)
  const product = await before.product({ stock: 10_000 })
  const id = await paused(before, style, product)
  await before.placed(lines(product))
  const { steps } = await read(before, id)
  await first.kill()
  const second = await startStore({ data })
  const shop = new Shop(second.url)
  await shop.placed(lines(product))
  expect(await read(shop, id)).toMatchObject({ status: 'paused', steps: steps.map(({ step, status }) => ({ step, status })) })
  expect((await act(shop, id, 'resume')).status).toBe(200)
  expect(await ended(shop, id)).toMatchObject({ status: 'completed' })
  await second.stop()
})

describe('what is refused', () => {
  const acts = ['pause', 'resume', 'retry', 'cancel']

  it.each(acts)('%s of an unknown saga is 404, of no id 400', async (name) => {
    expect(problemOf(await act(store.shop, nobody, name))).toEqual([404, 'unknown_saga'])
    expect(problemOf(await act(store.shop, 'nothing', name))).toEqual([400, 'format', 'saga_id'])
  })

  it.each(acts)('row 25: %s with a body that is none', async (name) => {
    const refused = async (body: unknown) => problemOf(await act(store.shop, nobody, name, body))
    for (const body of [[], '"reason"', 'null', '1']) expect(await refused(body)).toEqual([400, 'type', ''])
    expect(await refused('{')).toEqual([400, expect.any(String), expect.any(String)])
    expect(await refused({ reason: 1 })).toEqual([400, 'type', '/reason'])
    expect(await refused({ why: 'x' })).toEqual([400, 'unknown_field', '/why'])
    expect(await refused({ reason: 'x'.repeat(501) })).toEqual([422, expect.any(String), '/reason'])
    expect(await refused({ reason: ' ' })).toEqual([422, expect.any(String), '/reason'])
    expect((await act(store.shop, nobody, name, { reason: 'x'.repeat(500) })).status).toBe(404)
  })

  it('resuming what runs, and retrying what has not failed: 409, with what it waits for', async () => {
    const order = await store.shop.placed([{ product_id: 2, quantity: 1 }])
    expect(problemOf(await act(store.shop, order.saga_id, 'resume'))).toEqual([409, 'saga_ended'])
    const answer = await act(store.shop, order.saga_id, 'retry')
    expect([problemOf(answer), answer.json<{ detail: string }>().detail]).toEqual([
      [409, 'nothing_to_retry'],
      expect.stringContaining('it is completed'),
    ])
  })
})

it('a store at work has no saga that is stuck', async () => {
  await store.shop.placed([{ product_id: 2, quantity: 1 }])
  expect((await store.shop.get('/saga-api/stuck')).json()).toEqual({ items: [] })
})
