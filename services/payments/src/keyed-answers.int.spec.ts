import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OPENING_MS, openScratchPayments, type ScratchPayments } from './scratch-payments.fixture.ts'

let scratch: ScratchPayments
beforeAll(async () => {
  scratch = await openScratchPayments()
}, OPENING_MS)
beforeEach(() => scratch.clear())
afterAll(() => scratch.close())

const wish = { user_id: 1, order_id: 1001, total_amount: 59.5 }
const open = (key: string, body: object = wish) =>
  scratch.app.inject({ method: 'POST', url: '/payments', body, headers: { 'idempotency-key': key } })
const keys = () => scratch.payments.query('select * from payments.idempotency_key')
const count = async () => (await scratch.payments.query('select 1 from payments.payments')).length

test('row 48: without a key every request is a new one', async () => {
  const answer = await scratch.app.inject({ method: 'POST', url: '/payments', body: wish })
  expect(answer.statusCode).toBe(201)
  expect(answer.headers['idempotency-replayed']).toBeUndefined()
  expect(await keys()).toEqual([])
})

test('row 49: the same key again gets the stored answer, to the byte', async () => {
  const first = await open('key one')
  const again = await open('key one', { total_amount: 59.5, order_id: 1001, user_id: 1 })
  expect([first.statusCode, first.headers['idempotency-replayed']]).toEqual([201, undefined])
  expect([again.statusCode, again.headers['idempotency-replayed']]).toEqual([201, 'true'])
  expect(again.body).toBe(first.body)
  expect(again.headers.location).toBe(first.headers.location)
  expect(await count()).toBe(1)
})

test('row 49: the stored answer outlives what was true then', async () => {
  await scratch.app.inject({ method: 'POST', url: '/payments', body: wish })
  expect((await open('second')).statusCode).toBe(200)
  await scratch.app.inject({ method: 'PUT', url: '/holds/1' })
  const again = await open('second')
  expect([again.statusCode, again.headers['idempotency-replayed']]).toEqual([200, 'true'])
})

test('row 49: an equal key during the first is 409 with Retry-After', async () => {
  let commit = () => {}
  const committed = new Promise<void>((resolve) => {
    commit = resolve
  })
  // Transactions take turns: while this one is open, the first request cannot be answered.
  const turn = scratch.database.transaction(() => committed)
  const both = [open('at once'), open('at once')]
  const refused = await Promise.race(both)
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([409, '1'])
  expect(refused.json()).toMatchObject({ type: '/problems/idempotency_key_open' })
  commit()
  await turn
  expect((await Promise.all(both)).map(({ statusCode }) => statusCode).sort()).toEqual([201, 409])
  expect((await open('at once')).headers['idempotency-replayed']).toBe('true')
  expect(await count()).toBe(1)
})

test('row 50: the same key with another body is 422 and has no effect', async () => {
  await open('one')
  const answer = await open('one', { ...wish, order_id: 1002 })
  expect(answer.statusCode).toBe(422)
  expect(answer.json()).toMatchObject({ type: '/problems/idempotency_key_reused' })
  expect(await count()).toBe(1)
})

describe('refused input leaves no key', () => {
  test.each<[name: string, body: object, status: number]>([
    ['a malformed body', { ...wish, total_amount: '59.5' }, 400],
    ['over the ceiling', { ...wish, total_amount: 1_000.01 }, 422],
    ['on hold', { ...wish, user_id: 2 }, 422],
    ['another amount', { ...wish, order_id: 1003 }, 409],
  ])('%s', async (_name, body, status) => {
    await scratch.app.inject({ method: 'PUT', url: '/holds/2' })
    await scratch.app.inject({ method: 'POST', url: '/payments', body: { ...wish, order_id: 1003, total_amount: 1 } })
    expect((await open('one', body)).statusCode).toBe(status)
    expect(await keys()).toEqual([])
    expect((await open('one')).statusCode).toBe(201)
  })
})

test.each([
  ['empty', ''],
  ['256 characters', 'k'.repeat(256)],
  ['a control character', 'a\tb'],
  ['not ASCII', 'clé'],
])('row 51: a key that is malformed (%s) is 400', async (_name, key) => {
  expect((await open(key)).statusCode).toBe(400)
  expect(await count()).toBe(0)
})

test('F43: a key whose transaction failed is free again', async () => {
  await scratch.database.script('alter table payments.payments add constraint broken check (total <> 5950)')
  const failed = await open('one')
  await scratch.database.script('alter table payments.payments drop constraint broken')
  expect(failed.statusCode).toBe(500)
  expect(await keys()).toEqual([])
  expect((await open('one')).statusCode).toBe(201)
})
