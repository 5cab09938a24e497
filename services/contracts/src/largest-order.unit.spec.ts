import { checkSize, envelope, maxMessageBytes, messageId, routesOf, type Saga } from '@comptoir/saga'
import { Value } from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { cancelOrder, placeOrder } from './index.ts'

const maxId = 2_147_483_647
const sagaId = '01926b3e-7c1a-7000-8000-000000000001'

/** The most that an order may ask for: 1,000 products, each id with ten digits, a million units of each. */
const order = {
  user_id: maxId,
  items: Array.from({ length: 1_000 }, (_, index) => ({ product_id: maxId - index, quantity: 1_000_000 })),
}
const results: Readonly<Record<string, unknown>> = {
  createOrder: { order_id: maxId, total_amount: Number.MAX_SAFE_INTEGER / 100 },
  createPayment: { payment_id: maxId },
}

/** All that any message of the saga may carry at once: the input, every result, and why it turns back. */
const largestData = (saga: Saga, input: unknown) => ({
  input,
  ...Object.fromEntries(saga.steps.map((step) => [step.name, results[step.name] ?? {}])),
  cause: {
    step: saga.steps.reduce((longest, { name }) => (name.length > longest.length ? name : longest), ''),
    reason: 'x'.repeat(100),
  },
})

describe.each([
  ['PlaceOrder', placeOrder, order],
  ['CancelOrder', cancelOrder, { order_id: maxId, items: order.items, reason: 'cancelled' }],
] as const)('F15: the largest legal %s', (_, saga, input) => {
  const data = largestData(saga, input)

  it('is legal', () => {
    expect(Value.Check(saga.input, input)).toBe(true)
    for (const step of saga.steps) expect(Value.Check(step.done.schema, data[step.name as keyof typeof data])).toBe(true)
  })

  it.each([...routesOf(saga)])('passes as %s', (type, target) => {
    expect(() => checkSize(type, JSON.stringify(data))).not.toThrow()
    const message = envelope({
      id: messageId(sagaId, target),
      service: saga.home,
      type,
      key: sagaId,
      definition: saga.id,
      time: 0,
      data,
    })
    expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(maxMessageBytes)
  })
})

it('F15: an order of 1,500 lines would not pass, so the bound of 1,000 is needed', () => {
  const items = Array.from({ length: 1_500 }, () => ({ product_id: maxId, quantity: 1_000_000 }))
  expect(() => checkSize('OrderCreated', JSON.stringify({ input: { ...order, items } }))).toThrow('send ids instead of contents')
})
