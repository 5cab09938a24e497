import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { OPENING_MS, openScratchPayments, type ScratchPayments } from './scratch-payments.fixture.ts'

let scratch: ScratchPayments
beforeAll(async () => {
  scratch = await openScratchPayments()
}, OPENING_MS)
beforeEach(() => scratch.clear())
afterAll(() => scratch.close())

const page = () => scratch.app.inject('/payments/process/1')

test('a payment link shows a page in a browser, 404 when there is no such payment', async () => {
  const unknown = await page()
  expect([unknown.statusCode, unknown.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
  await scratch.app.inject({ method: 'POST', url: '/payments', body: { user_id: 1, order_id: 1001, total_amount: 1 } })
  const known = await page()
  expect([known.statusCode, known.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
})

test('the page says that it is a sandbox, and which cards do what', async () => {
  const { body } = await page()
  expect(body).toContain('sandbox: no money moves')
  expect(body).toMatch(/9999999999999<\/code>\s*pays/)
  expect(body).toMatch(/4000000000000002<\/code>\s*is always declined/)
})

test('all that the page loads comes from this server and is allowed by its policy', async () => {
  const { body, headers } = await page()
  expect(headers['content-security-policy']).toMatch(/^default-src 'self';/)
  expect(headers['content-security-policy']).not.toContain('unsafe')
  expect(body).not.toMatch(/<style|style=|<script(?![^>]*\bsrc=)|\son\w+=/)
  const links = [...body.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link ?? '')
  expect(links).toHaveLength(3)
  const types: Record<string, RegExp> = { css: /^text\/css/, svg: /^image\/svg\+xml/ }
  for (const link of links) {
    const asset = await scratch.app.inject(new URL(link, 'http://host/payments/process/1').pathname)
    expect([link, asset.statusCode, asset.headers['x-content-type-options']]).toEqual([link, 200, 'nosniff'])
    expect(asset.headers['content-type']).toMatch(types[link.slice(-3)] ?? /^text\/javascript/)
  }
})
