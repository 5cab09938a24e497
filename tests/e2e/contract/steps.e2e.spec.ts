import { placeOrder } from '@comptoir/contracts'
import { describe, expect, it } from 'vitest'
import { problemOf } from '../../kit/problem.ts'
import { withStore } from '../../kit/suite.ts'

const store = withStore()
const definition = placeOrder.id
const input = { user_id: 1, items: [{ product_id: 2, quantity: 1 }] }
let number = 0
/** A saga that nobody drives. */
const newSaga = () => `0193e0c6-6b1a-7cc0-8f0e-${String(++number).padStart(12, '0')}`
const call = (saga: string, step: string, phase: string, data: object, api = 'store-api') =>
  store.shop.post(`/${api}/sagas/${saga}/steps/${step}/${phase}`, { definition, data })
const onHold = { step: 'createPayment', reason: 'on_hold' }

describe('the steps of the participants', () => {
  it('I9: do answers the outcome, and the same again however often it comes', async () => {
    const saga = newSaga()
    const first = await call(saga, 'createOrder', 'do', { input })
    expect([first.status, first.json()]).toEqual([
      200,
      { step: 'createOrder', phase: 'do', outcome: 'done', result: { order_id: expect.any(Number), total_amount: 59.5 } },
    ])
    const again = await Promise.all([1, 2, 3].map(() => call(saga, 'createOrder', 'do', { input })))
    for (const { text } of again) expect(text).toBe(first.text)
  })

  it('a step that fails has answered, too: its reason, and where in the input it stands', async () => {
    const answer = await call(newSaga(), 'createOrder', 'do', { input: { ...input, user_id: 999 } })
    expect([answer.status, answer.json()]).toEqual([
      200,
      {
        step: 'createOrder',
        phase: 'do',
        outcome: 'failed',
        cause: { step: 'createOrder', reason: 'unknown_user' },
        detail: '/user_id',
      },
    ])
  })

  it('F36: settle makes an unknown outcome definite: refused when it had not come, and a late do changes nothing', async () => {
    const saga = newSaga()
    expect((await call(saga, 'createOrder', 'settle', {})).json()).toMatchObject({ outcome: 'refused' })
    expect((await call(saga, 'createOrder', 'do', { input })).json()).toMatchObject({ phase: 'do', outcome: 'refused' })
  })

  it('F36: settle answers what was done', async () => {
    const saga = newSaga()
    const { result } = (await call(saga, 'createOrder', 'do', { input })).json<{ result: object }>()
    expect((await call(saga, 'createOrder', 'settle', {})).json()).toMatchObject({ phase: 'settle', outcome: 'done', result })
  })

  it('I19: undo gives the order up once, and it can be read so when it answers', async () => {
    const saga = newSaga()
    const { result } = (await call(saga, 'createOrder', 'do', { input })).json<{ result: { order_id: number } }>()
    for (let time = 0; time < 2; time += 1) {
      const undone = await call(saga, 'createOrder', 'undo', { cause: onHold })
      expect([undone.status, undone.json()]).toEqual([200, { step: 'createOrder', phase: 'undo', outcome: 'undone' }])
      expect(await store.shop.order(result.order_id)).toMatchObject({ status: 'CANCELLED', reason: 'on_hold' })
    }
  })

  it('payments has its own', async () => {
    const known = { input, createOrder: { order_id: 900, total_amount: 5 }, decreaseStock: {} }
    const answer = await call(newSaga(), 'createPayment', 'do', known, 'payments-api')
    expect([answer.status, answer.json()]).toMatchObject([200, { outcome: 'done', result: { payment_id: expect.any(Number) } }])
  })
})

describe('I16: a call that is wrong is refused with the cure, and does nothing', () => {
  const saga = newSaga()
  const steps = `/store-api/sagas/${saga}/steps`
  const right = { definition, data: { input } }

  it.each([
    ['a saga that is no UUID', '/store-api/sagas/1/steps/createOrder/do', right, [400, 'format', 'saga_id']],
    ['an unknown step', `${steps}/createOrders/do`, right, [404, 'unknown_step']],
    ["another participant's step", `${steps}/createPayment/do`, right, [404, 'unknown_step']],
    ['an unknown phase', `${steps}/createOrder/redo`, right, [404, 'unknown_phase']],
    [
      'an unknown declaration',
      `${steps}/createOrder/do`,
      { ...right, definition: definition.replace('/1', '/2') },
      [409, 'unknown_declaration'],
    ],
    ['settle of a retriable step', `${steps}/linkPayment/settle`, { definition, data: {} }, [409, 'impossible_command']],
    ['undo of a retriable step', `${steps}/linkPayment/undo`, { definition, data: {} }, [409, 'impossible_command']],
    ['no data', `${steps}/createOrder/do`, { definition }, [400, 'required', '/data']],
    ['no input', `${steps}/createOrder/do`, { definition, data: {} }, [400, 'required', '/data/input']],
    [
      'a text for a number',
      `${steps}/createOrder/do`,
      { definition, data: { input: { ...input, user_id: '1' } } },
      [400, 'type', '/data/input/user_id'],
    ],
    ['without the steps before', `${steps}/decreaseStock/do`, right, [400, 'required', '/data/createOrder']],
    [
      'a cause without a reason',
      `${steps}/createOrder/undo`,
      { definition, data: { cause: { step: 'x' } } },
      [400, 'required', '/data/cause/reason'],
    ],
    ['a field too many', `${steps}/createOrder/do`, { ...right, style: 'http' }, [400, 'unknown_field', '/style']],
    ['no body', `${steps}/createOrder/do`, undefined, [400, 'type', '']],
    [
      'a quantity below 1',
      `${steps}/createOrder/do`,
      {
        definition,
        data: {
          input: {
            user_id: 1,
            items: [
              { product_id: 1, quantity: 3 },
              { product_id: 2, quantity: -3 },
            ],
          },
        },
      },
      [422, 'impossible_data'],
    ],
    [
      'an order that cannot be',
      `${steps}/linkPayment/do`,
      {
        definition,
        data: { input, createOrder: { order_id: 1e300, total_amount: 1 }, decreaseStock: {}, createPayment: { payment_id: 1 } },
      },
      [422, 'impossible_data'],
    ],
    [
      'a payment that cannot be',
      `${steps}/linkPayment/do`,
      {
        definition,
        data: { input, createOrder: { order_id: 1, total_amount: 1 }, decreaseStock: {}, createPayment: { payment_id: 2 ** 40 } },
      },
      [422, 'impossible_data'],
    ],
  ])('%s', async (_what, path, body, problem) => {
    expect(problemOf(await store.shop.post(path, body))).toEqual(problem)
  })
})
