import { createServer } from '@comptoir/http'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { OPENING_MS, openScratchStore, type ScratchStore } from '../seed/scratch-store.fixture.ts'
import { usersApi } from './api.ts'

let store: ScratchStore
let app: FastifyInstance
beforeAll(async () => {
  store = await openScratchStore()
  app = createServer({ allowedHosts: 'any' })
  await app.register(usersApi(store.work))
}, OPENING_MS)
beforeEach(() => store.clear())
afterAll(async () => {
  await app.close()
  await store.close()
})

const post = (body: unknown) =>
  app.inject({ method: 'POST', url: '/users', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
const ada = { name: 'Ada Lovelace', email: 'ada@example.com' }

test('POST, GET and DELETE of a user', async () => {
  const created = await post(ada)
  expect([created.statusCode, created.json()]).toEqual([201, { user_id: 1 }])
  const read = await app.inject('/users/1')
  expect([read.statusCode, read.json()]).toEqual([200, { id: 1, ...ada }])
  const deleted = await app.inject({ method: 'DELETE', url: '/users/1' })
  expect([deleted.statusCode, deleted.json()]).toEqual([200, { deleted: true }])
  expect((await app.inject('/users/1')).statusCode).toBe(404)
})

test('DELETE of an unknown user says deleted: false', async () => {
  const answer = await app.inject({ method: 'DELETE', url: '/users/7' })
  expect(answer.statusCode).toBe(404)
  expect(answer.json()).toMatchObject({ deleted: false, type: '/problems/unknown_user' })
})

test('row 44: DELETE of a user with orders is 409', async () => {
  await post(ada)
  await store.work.query('update store.users set has_orders = true')
  expect((await app.inject({ method: 'DELETE', url: '/users/1' })).statusCode).toBe(409)
})

test('row 31: names are stored composed and trimmed', async () => {
  await post({ name: '  Rene\u0301 ', email: 'rene@example.com' })
  expect((await app.inject('/users/1')).json()).toMatchObject({ name: 'Ren\u00e9' })
})

test.each(['<script>alert(1)</script>', '=HYPERLINK("x")', '{{7*7}}', "' OR 1=1; drop table users --"])(
  'row 32: %s is stored as text',
  async (name) => {
    expect((await post({ ...ada, name })).statusCode).toBe(201)
    expect((await app.inject('/users/1')).json()).toMatchObject({ name })
  },
)

test('row 33: the same address in another case is 409 and points at it', async () => {
  await post(ada)
  const answer = await post({ name: 'Other', email: 'ADA@example.com' })
  expect(answer.statusCode).toBe(409)
  expect(answer.json()).toMatchObject({ errors: [{ pointer: '/email', code: 'email_taken' }] })
})

describe('bad input is refused and adds nobody', () => {
  test.each<[name: string, body: unknown, status: number, pointer: string]>([
    ['name missing', { email: 'a@example.com' }, 400, '/name'],
    ['row 11: a role', { ...ada, role: 'operator' }, 400, '/role'],
    ['row 16: name a number', { ...ada, name: 5 }, 400, '/name'],
    ['row 28: name empty', { ...ada, name: '' }, 422, '/name'],
    ['row 28: name of blanks', { ...ada, name: '   ' }, 422, '/name'],
    ['row 28: name of 10,000 characters', { ...ada, name: 'x'.repeat(10_000) }, 422, '/name'],
    ['row 29: U+0000 in the name', { ...ada, name: 'a\0b' }, 400, '/name'],
    ['row 30: a lone surrogate in the name', { ...ada, name: 'a\ud800b' }, 400, '/name'],
    ['row 31: a direction override in the name', { ...ada, name: 'a\u202eb' }, 422, '/name'],
    ['row 33: e-mail without @', { ...ada, email: 'ada.example.com' }, 422, '/email'],
    ['row 33: e-mail of 400 characters', { ...ada, email: `${'a'.repeat(390)}@example.com` }, 422, '/email'],
    ['row 33: e-mail with a newline', { ...ada, email: 'ada@example.com\nbcc: x' }, 422, '/email'],
  ])('%s', async (_name, body, status, pointer) => {
    const answer = await post(body)
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(answer.json<{ errors: { pointer: string }[] }>().errors.map((error) => error.pointer)).toContain(pointer)
    expect(await store.work.query('select id from store.users')).toEqual([])
  })
})

test.each(['abc', '1.0', '01', '-1', '0', '2147483648', '99999999999999999999', '1;DROP'])(
  'row 24: GET /users/%s is 400',
  async (id) => {
    expect((await app.inject(`/users/${id}`)).statusCode).toBe(400)
  },
)
