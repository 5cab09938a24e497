import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { closePayments } from './payments.ts'
import { CEILING, OPENING_MS, openScratchPayments, type ScratchPayments } from './scratch-payments.fixture.ts'

let scratch: ScratchPayments
beforeAll(async () => {
  scratch = await openScratchPayments()
}, OPENING_MS)
beforeEach(() => scratch.clear())
afterAll(() => scratch.close())

const sendText = (body: string) =>
  scratch.app.inject({ method: 'POST', url: '/payments', body, headers: { 'content-type': 'application/json' } })
const open = (order_id: number, total_amount = 59.5, user_id = 1) => sendText(JSON.stringify({ user_id, order_id, total_amount }))
const count = async () => (await scratch.payments.query('select 1 from payments.payments')).length
const putOnHold = (user: number) => scratch.app.inject({ method: 'PUT', url: `/holds/${user}` })
const close = (order: number) =>
  scratch.payments.transaction((unit) => closePayments(unit, [{ order, key: scratch.store.ports.ids.uuid() }]))

test('the service says that it runs', async () => {
  const answer = await scratch.app.inject('/')
  expect([answer.statusCode, answer.json()]).toEqual([200, { service: 'PaymentMicroservice', status: 'running' }])
})

test('a payment is opened once; the same wish again answers it', async () => {
  const first = await open(1001)
  expect([first.statusCode, first.json()]).toEqual([201, { payment_id: 1 }])
  expect(new URL(String(first.headers.location), 'http://host/payments-api/payments').pathname).toBe('/payments-api/payments/1')
  const second = await open(1001)
  expect([second.statusCode, second.json()]).toEqual([200, { payment_id: 1 }])
  expect((await scratch.app.inject('/payments/1')).json()).toEqual({
    id: 1,
    order_id: 1001,
    user_id: 1,
    total_amount: 59.5,
    is_paid: false,
    status: 'OPEN',
  })
})

test.each([
  ['another amount', 59.51, 1],
  ['another user', 59.5, 2],
])('%s for the same order is 409', async (_name, amount, user) => {
  await open(1001)
  const answer = await open(1001, amount, user)
  expect(answer.statusCode).toBe(409)
  expect(answer.json()).toMatchObject({ type: '/problems/payment_differs' })
  expect(await count()).toBe(1)
})

test('20 at once for one order make one payment', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => open(1001)))
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([...Array(19).fill(200), 201])
  expect(new Set(answers.map((answer) => answer.json<{ payment_id: number }>().payment_id)).size).toBe(1)
  expect(await count()).toBe(1)
})

test('a payment above the ceiling is refused, one at the ceiling is not', async () => {
  expect((await open(1001, CEILING / 100)).statusCode).toBe(201)
  const answer = await open(1002, (CEILING + 1) / 100)
  expect(answer.statusCode).toBe(422)
  expect(answer.json()).toMatchObject({ errors: [{ pointer: '/total_amount', code: 'over_ceiling' }] })
  expect(await count()).toBe(1)
})

test('a user on hold is refused; what was opened before stays', async () => {
  await open(1001)
  await putOnHold(1)
  const answer = await open(1002)
  expect(answer.statusCode).toBe(422)
  expect(answer.json()).toMatchObject({ errors: [{ pointer: '/user_id', code: 'on_hold' }] })
  expect((await open(1001)).statusCode).toBe(200)
  expect((await open(1002, 59.5, 2)).statusCode).toBe(201)
})

test('row 43: an order that ended has no payment any more: 409', async () => {
  await open(1001)
  await close(1001)
  await close(1002)
  for (const order of [1001, 1002]) {
    const answer = await open(order)
    expect(answer.statusCode).toBe(409)
    expect(answer.json()).toMatchObject({ type: '/problems/order_closed' })
  }
})

test('a row that only closes an order is no payment', async () => {
  await close(1002)
  expect((await scratch.app.inject('/payments/1')).statusCode).toBe(404)
})

describe('the largest amounts', () => {
  test.each([
    ['90071992547409.9', 'over_ceiling'],
    ['90071992547410', 'range'],
  ])('row 22: %s is 422 %s', async (amount, code) => {
    const answer = await sendText(`{"user_id":1,"order_id":1,"total_amount":${amount}}`)
    expect(answer.statusCode).toBe(422)
    expect(answer.json()).toMatchObject({ errors: [{ code }] })
  })
})

describe('bad input is refused and opens nothing', () => {
  const amount = (text: string) => `{"user_id":1,"order_id":1001,"total_amount":${text}}`
  const user = (text: string) => `{"user_id":${text},"order_id":1001,"total_amount":1}`
  const order = (text: string) => `{"user_id":1,"order_id":${text},"total_amount":1}`

  test.each<[name: string, body: string, status: number]>([
    ['row 1: no body', '', 400],
    ['row 1: null', 'null', 400],
    ['a field missing', '{"user_id":1,"order_id":1001}', 400],
    ['row 11: an extra field', '{"user_id":1,"order_id":1001,"total_amount":1,"is_paid":true}', 400],
    ['row 23: a currency', '{"user_id":1,"order_id":1001,"total_amount":1,"currency":"cad"}', 400],
    ...['"5"', 'true', 'null', '[5]', '{}'].map((text): [string, string, number] => [
      `row 16: amount ${text}`,
      amount(text),
      400,
    ]),
    ['row 17: amount 0', amount('0'), 422],
    ['row 17: amount -0', amount('-0'), 422],
    ['row 17: amount -1', amount('-1'), 422],
    ['row 18: user 1.5', user('1.5'), 400],
    ['row 19: amount 1e400', amount('1e400'), 422],
    ['row 19: amount 9007199254740993', amount('9007199254740993'), 400],
    ['row 20: amount "NaN"', amount('"NaN"'), 400],
    ['row 20: amount NaN', amount('NaN'), 400],
    ['row 21: amount 19.999', amount('19.999'), 422],
    ['row 21: amount 0.005', amount('0.005'), 422],
    ['row 21: amount 1e-7', amount('1e-7'), 422],
    ['user 0', user('0'), 422],
    ['user -1', user('-1'), 422],
    ['user 2147483648', user('2147483648'), 422],
    ['order 0', order('0'), 422],
    ['order 2147483648', order('2147483648'), 422],
    ['order "1001"', order('"1001"'), 400],
    ['order 99999999999999999999', order('99999999999999999999'), 400],
  ])('%s', async (_name, body, status) => {
    const answer = await sendText(body)
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(await count()).toBe(0)
  })

  test('row 18: user 1.0 is 1', async () => {
    expect((await sendText(user('1.0'))).statusCode).toBe(201)
  })
})

describe('GET /payments/:payment_id', () => {
  test('is 404 for an unknown payment', async () => {
    expect((await scratch.app.inject('/payments/1')).statusCode).toBe(404)
    expect((await scratch.app.inject('/payments/2147483647')).statusCode).toBe(404)
  })

  test.each([
    'abc',
    '1.0',
    '01',
    '-1',
    '0',
    '2147483648',
    '99999999999999999999',
    '1;DROP',
    '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  ])('rows 24 and 25: %s is 400', async (id) => {
    expect((await scratch.app.inject(`/payments/${id}`)).statusCode).toBe(400)
    expect((await scratch.app.inject(`/payments/process/${id}`)).statusCode).toBe(400)
  })
})
