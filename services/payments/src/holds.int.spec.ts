import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { OPENING_MS, openScratchPayments, type ScratchPayments } from './scratch-payments.fixture.ts'

let scratch: ScratchPayments
beforeAll(async () => {
  scratch = await openScratchPayments()
}, OPENING_MS)
beforeEach(() => scratch.clear())
afterAll(() => scratch.close())

const hold = (method: 'PUT' | 'DELETE', user: string) => scratch.app.inject({ method, url: `/holds/${user}` })

test('a hold is new once, and ended once', async () => {
  const put = await hold('PUT', '7')
  expect([put.statusCode, put.json()]).toEqual([201, { user_id: 7, on_hold: true }])
  const again = await hold('PUT', '7')
  expect([again.statusCode, again.json()]).toEqual([200, { user_id: 7, on_hold: true }])
  const deleted = await hold('DELETE', '7')
  expect([deleted.statusCode, deleted.json()]).toEqual([200, { deleted: true }])
  const nothing = await hold('DELETE', '7')
  expect(nothing.statusCode).toBe(404)
  expect(nothing.json()).toMatchObject({ type: '/problems/unknown_hold', deleted: false })
})

test('20 holds at once are one', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => hold('PUT', '7')))
  expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(1)
})

test.each(['abc', '1.0', '01', '-1', '0', '2147483648', '1;DROP'])('row 24: user %s is 400', async (user) => {
  expect((await hold('PUT', user)).statusCode).toBe(400)
  expect((await hold('DELETE', user)).statusCode).toBe(400)
})
