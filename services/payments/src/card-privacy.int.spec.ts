import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { createServer } from '@comptoir/http'
import { systemClock } from '@comptoir/runtime'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { paymentsApi } from './api.ts'
import { CEILING, OPENING_MS, openScratchPayments, type ScratchPayments } from './scratch-payments.fixture.ts'

const CHANNELS = ['comptoir:http:error', 'comptoir:batch', 'comptoir:step', 'comptoir:saga', 'comptoir:held', 'comptoir:ignored']
const NUMBERS = ['4111111111111111', '5555555555554444', '378282246310005', '4000000000000002'] as const
const CODE = 7319

let scratch: ScratchPayments
let app: FastifyInstance
/** All that was written where people read: the console, the diagnostics, what hooks for logging see, the answers. */
const seen: string[] = []
const note = (...values: unknown[]) => {
  seen.push(...values.map((value) => (typeof value === 'string' ? value : inspect(value, { depth: null, showHidden: true }))))
  return true
}
beforeAll(async () => {
  scratch = await openScratchPayments()
  app = createServer({ allowedHosts: 'any' })
  app.addHook('onError', async (_request, _reply, error) => void note(error))
  await app.register(paymentsApi({ work: scratch.payments, clock: systemClock, ceiling: CEILING, paid: async () => {} }))
  for (const channel of CHANNELS) subscribe(channel, note)
}, OPENING_MS)
beforeEach(async () => {
  await scratch.clear()
  seen.length = 0
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockImplementation(note)
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) vi.spyOn(console, method).mockImplementation(note)
})
afterEach(() => vi.restoreAllMocks())
afterAll(async () => {
  for (const channel of CHANNELS) unsubscribe(channel, note)
  await app.close()
  await scratch.close()
})

/** The card numbers in a text: 12 to 19 digits, blanks or dashes between them, with a right check digit (Luhn). */
function cardNumbers(text: string): string[] {
  const runs = text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uuid').match(/\d(?:[ -]?\d){11,18}/g) ?? []
  return runs.map((run) => run.replaceAll(/[ -]/g, '')).filter(isLuhn)
}
function isLuhn(digits: string): boolean {
  const values = [...digits].reverse().map((digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2)
    return value > 9 ? value - 9 : value
  })
  return values.reduce((sum, value) => sum + value, 0) % 10 === 0
}

async function send(path: string, body: string): Promise<number> {
  const answer = await app.inject({ method: 'POST', url: path, body, headers: { 'content-type': 'application/json' } })
  note(answer.body, answer.headers)
  return answer.statusCode
}
const open = (order: number) => send('/payments', `{"user_id":1,"order_id":${order},"total_amount":59.5}`)
const cardText = (number: string, expirationDate = '2030-01-05') =>
  `{"cardNumber":${number},"cardCode":${CODE},"expirationDate":"${expirationDate}"}`

test('the scan finds card numbers, and nothing else', () => {
  expect(cardNumbers(`a ${NUMBERS.join(' b ')} c`)).toEqual(NUMBERS)
  expect(cardNumbers('4111-1111 1111-1111')).toEqual(['4111111111111111'])
  expect(cardNumbers('4111111111111112, 2026-01-15 12:00:00.123456')).toEqual([])
})

test('a card that pays, is declined, has expired or is malformed is stored, logged and repeated nowhere', async () => {
  const statuses: number[] = []
  for (const [index, number] of NUMBERS.entries()) {
    await open(index + 1)
    const path = `/payments/process/${index + 1}`
    for (const body of [
      cardText(number, '2020-01-01'),
      cardText(`"${number} "`),
      cardText(`[${number}]`),
      cardText(`-${number}`),
      `${cardText(number)}}`,
      `{"${number}":1,"cardCode":${CODE},"expirationDate":"2030-01-05"}`,
      `{"${number}":1,"${number}":2}`,
      `{"${number}":{"constructor":1}}`,
      `{"${number}":1e400}`,
      cardText(number),
    ])
      statuses.push(await send(path, body))
  }
  expect(statuses.filter((status) => status === 200)).toHaveLength(3)
  expect(new Set(statuses)).toEqual(new Set([422, 400, 200]))
  const all = `${seen.join('\n')}\n${await scratch.dump()}`
  for (const place of ['PaymentProcessed', 'FST_ERR_VALIDATION', '/problems/malformed_json']) expect(all).toContain(place)
  expect(cardNumbers(all)).toEqual([])
  expect(all).not.toContain(String(CODE))
})

test('nor when paying breaks inside', async () => {
  await open(1)
  await scratch.database.script(`alter table payments.payments add constraint broken check (status <> 'PAID')`)
  const status = await send('/payments/process/1', cardText('4111111111111111'))
  await scratch.database.script('alter table payments.payments drop constraint broken')
  expect(status).toBe(500)
  expect(seen.join('\n')).toContain('broken')
  expect(cardNumbers(`${seen.join('\n')}\n${await scratch.dump()}`)).toEqual([])
  expect(seen.join('\n')).not.toContain(String(CODE))
})
