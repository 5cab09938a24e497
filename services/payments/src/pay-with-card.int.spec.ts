import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { closePayment } from './close-payment.ts'
import { OPENING_MS, openScratchPayments, type ScratchPayments } from './scratch-payments.fixture.ts'

let scratch: ScratchPayments
beforeAll(async () => {
  scratch = await openScratchPayments()
}, OPENING_MS)
beforeEach(() => scratch.clear())
afterAll(() => scratch.close())

const card = { cardNumber: 9999999999999, cardCode: 123, expirationDate: '2030-01-05' }
const post = (url: string, body: string) =>
  scratch.app.inject({ method: 'POST', url, body, headers: { 'content-type': 'application/json' } })
const pay = (id: number, asked: object = card) => post(`/payments/process/${id}`, JSON.stringify(asked))
const close = async (order: number) => {
  const saga = scratch.store.ports.ids.uuid()
  const task = { saga, data: { input: { order_id: order, items: [], reason: 'cancelled' as const } } }
  const [outcome] = await scratch.payments.transaction((unit) => closePayment.do(unit, [task]))
  return outcome
}
const statusOf = async (id: number) => (await scratch.app.inject(`/payments/${id}`)).json<{ status: string; is_paid: boolean }>()
async function open(order = 1001): Promise<number> {
  const body = JSON.stringify({ user_id: 1, order_id: order, total_amount: 59.5 })
  return (await post('/payments', body)).json<{ payment_id: number }>().payment_id
}

test('the sample card of the old client pays, and the store is told', async () => {
  const id = await open()
  const answer = await pay(id)
  expect([answer.statusCode, answer.json()]).toEqual([200, { order_id: 1001, payment_id: id, is_paid: true }])
  expect(await statusOf(id)).toMatchObject({ status: 'PAID', is_paid: true })
  expect(await scratch.sent()).toMatchObject([{ type: 'PaymentProcessed', data: { order_id: 1001, payment_id: id } }])
})

test('the path of the old gateway pays too', async () => {
  const id = await open()
  expect((await post(`/payments/${id}`, JSON.stringify(card))).json()).toEqual({ order_id: 1001, payment_id: id, is_paid: true })
})

test('row 43: paid again answers the same and pays once', async () => {
  const id = await open()
  const first = await pay(id)
  const again = await pay(id, { ...card, cardNumber: '4111111111111111' })
  expect([again.statusCode, again.body]).toEqual([200, first.body])
  expect(await scratch.sent()).toHaveLength(1)
})

test('I9: 20 payments at once are one', async () => {
  const id = await open()
  const answers = await Promise.all(Array.from({ length: 20 }, () => pay(id)))
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(20).fill(200))
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1)
  expect(await scratch.sent()).toHaveLength(1)
})

test('an unknown payment is 404', async () => {
  expect((await pay(1)).statusCode).toBe(404)
})

test('row 43: the payment of an order that ended is 409', async () => {
  const id = await open()
  await close(1001)
  const answer = await pay(id)
  expect(answer.statusCode).toBe(409)
  expect(answer.json()).toMatchObject({ type: '/problems/payment_closed' })
  expect(await scratch.sent()).toEqual([])
})

test('F45: paying and closing at once have one winner', async () => {
  const winners = new Set<string>()
  for (let order = 1; order <= 40; order += 1) {
    const id = await open(order)
    const both = order % 2 === 0 ? [pay(id), close(order)] : [close(order), pay(id)]
    const answers = await Promise.all(both)
    const paying = answers.find((answer) => answer !== undefined && 'statusCode' in answer)
    const closing = answers.find((answer) => answer !== undefined && 'kind' in answer)
    const { status } = await statusOf(id)
    winners.add(status)
    expect(paying).toMatchObject({ statusCode: status === 'PAID' ? 200 : 409 })
    expect(closing).toEqual(status === 'PAID' ? { kind: 'failed', reason: 'paid' } : { kind: 'done', result: {} })
    const told = (await scratch.sent()).filter(({ data }) => (data as { order_id: number }).order_id === order)
    expect(told).toHaveLength(status === 'PAID' ? 1 : 0)
  }
  expect(winners.has('CLOSED')).toBe(true)
})

test('F45: a payment that is paid first cannot be closed', async () => {
  const id = await open()
  await pay(id)
  expect(await close(1001)).toEqual({ kind: 'failed', reason: 'paid' })
  expect(await statusOf(id)).toMatchObject({ status: 'PAID' })
})

describe('a card that is refused leaves the payment open', () => {
  test.each<[name: string, change: object, code: string]>([
    ['declined', { cardNumber: 4000000000000002 }, 'card_declined'],
    ['declined, as text', { cardNumber: '4000000000000002' }, 'card_declined'],
    ['declined and expired', { cardNumber: 4000000000000002, expirationDate: '2020-01-01' }, 'card_declined'],
    ['expired yesterday', { expirationDate: '2026-01-14' }, 'card_expired'],
    ['expired long ago', { expirationDate: '0001-01-01' }, 'card_expired'],
  ])('%s', async (_name, change, code) => {
    const id = await open()
    const answer = await pay(id, { ...card, ...change })
    expect([answer.statusCode, answer.json<{ type: string }>().type]).toEqual([422, `/problems/${code}`])
    expect(await statusOf(id)).toMatchObject({ status: 'OPEN', is_paid: false })
    expect(await scratch.sent()).toEqual([])
    expect((await pay(id)).statusCode).toBe(200)
  })
})

test.each([
  ['its last moment', Date.UTC(2026, 0, 15, 23, 59, 59, 999), 200],
  ['the moment after', Date.UTC(2026, 0, 16), 422],
])('F41: a card is good until the end of its last day in UTC: %s', async (_name, now, status) => {
  const id = await open()
  scratch.now = now
  expect((await pay(id, { ...card, expirationDate: '2026-01-15' })).statusCode).toBe(status)
})

describe('the form of a card', () => {
  const number = (text: string) => `{"cardNumber":${text},"cardCode":123,"expirationDate":"2030-01-05"}`
  const code = (text: string) => `{"cardNumber":9999999999999,"cardCode":${text},"expirationDate":"2030-01-05"}`
  const date = (text: string) => `{"cardNumber":9999999999999,"cardCode":123,"expirationDate":${text}}`

  test.each<[name: string, body: string, status: number]>([
    ['12 digits', number('100000000000'), 200],
    ['12 digits, leading zeros', number('"000000000001"'), 200],
    ['19 digits', number('"9999999999999999999"'), 200],
    ['code 0012', code('"0012"'), 200],
    ['code 9999', code('9999'), 200],
    ['29 February of a leap year', date('"2028-02-29"'), 200],
    ['row 1: no body', '', 400],
    ['row 1: a list', '[]', 400],
    ['row 3: a number twice', '{"cardNumber":9999999999999,"cardNumber":1,"cardCode":123,"expirationDate":"2030-01-05"}', 400],
    ['row 11: an extra field', '{"cardNumber":9999999999999,"cardCode":123,"expirationDate":"2030-01-05","amount":1}', 400],
    ['a field missing', '{"cardNumber":9999999999999,"cardCode":123}', 400],
    ['11 digits', number('99999999999'), 422],
    ['11 digits as text', number('"99999999999"'), 422],
    ['20 digits', number('"99999999999999999999"'), 422],
    ['blanks between', number('"9999 9999 9999 9999"'), 422],
    ['row 29: U+0000', number('"999999999999\\u0000"'), 400],
    ['other digits', number('"٩٩٩٩٩٩٩٩٩٩٩٩"'), 422],
    ['a negative number', number('-9999999999999'), 422],
    ['row 16: true', number('true'), 400],
    ['row 16: null', number('null'), 400],
    ['row 18: 9999999999999.5', number('9999999999999.5'), 400],
    ['row 19: a number above 2^53', number('9999999999999999999'), 400],
    ['code 99', code('99'), 422],
    ['code 10000', code('10000'), 422],
    ['code "12a"', code('"12a"'), 422],
    ['code 1.5', code('1.5'), 400],
    ['row 26: 30 February', date('"2030-02-30"'), 422],
    ['row 26: 29 February of no leap year', date('"2030-02-29"'), 422],
    ['row 26: a time', date('"2030-01-05T00:00:00Z"'), 422],
    ['row 26: year 294277', date('"294277-01-01"'), 422],
    ['row 26: month and year', date('"01/30"'), 422],
    ['row 26: an epoch number', date('1893801600'), 400],
  ])('%s', async (_name, body, status) => {
    const id = await open()
    expect((await post(`/payments/process/${id}`, body)).statusCode).toBe(status)
    expect(await statusOf(id)).toMatchObject({ is_paid: status === 200 })
  })
})

describe('the answer waits for the store', () => {
  test('until the order is shown as paid, after the commit', async () => {
    const id = await open()
    const asked: number[] = []
    let show = () => {}
    const waiting = new Promise<void>((isWaiting) => {
      scratch.paid = (order) => {
        asked.push(order)
        isWaiting()
        return new Promise((resolve) => {
          show = () => resolve(undefined)
        })
      }
    })
    let answered = false
    const answer = pay(id).then((response) => {
      answered = true
      return response
    })
    await waiting
    expect(await statusOf(id)).toMatchObject({ status: 'PAID' })
    expect([asked, answered]).toEqual([[1001], false])
    show()
    expect((await answer).statusCode).toBe(200)
  })

  test.each([
    ['never shows it', () => new Promise<never>(() => {})],
    ['fails', () => Promise.reject(new Error('no store'))],
  ])('but not for a store that %s', async (_name, paid) => {
    const id = await open()
    scratch.paid = paid
    expect((await pay(id)).statusCode).toBe(200)
  })
})
