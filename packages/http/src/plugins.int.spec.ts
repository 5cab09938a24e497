import { Counter, Registry } from 'prom-client'
import { Type } from 'typebox'
import { afterAll, describe, expect, it } from 'vitest'
import { docs } from './docs.ts'
import { health } from './health.ts'
import { metrics } from './metrics.ts'
import { Email, Id, Money, Text } from './schemas.ts'
import { createServer } from './server.ts'

const app = createServer({ allowedHosts: 'loopback' })
const registry = new Registry()
new Counter({ name: 'orders_total', help: 'Orders.', registers: [registry] }).inc(3)
let reasons: string[] = []
app.register(docs, { title: 'Store', version: '1.2.3', description: 'A store.' })
app.register(health, { prefix: '/store-api', ready: async () => reasons })
app.register(metrics, { registry })
app.register(async (store) => {
  const schema = { params: Type.Object({ id: Id }), body: Type.Object({ name: Text(100), email: Email, price: Money() }) }
  store.put('/things/:id', { config: { policy: 'clerk' }, schema }, async () => ({}))
})
afterAll(() => app.close())

describe('docs', () => {
  it('describes the routes as OpenAPI 3.1, own keywords included', async () => {
    const document = (await app.inject('/docs/json')).json()
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Store', version: '1.2.3' } })
    const operation = document.paths['/things/{id}'].put
    expect(operation.parameters[0].schema.integerText).toEqual({ minimum: 1, maximum: 2_147_483_647 })
    expect(operation.requestBody.content['application/json'].schema.properties.price).toMatchObject({ precision: 2 })
  })

  it('the page and what it loads come from here, under a policy of its own', async () => {
    const page = await app.inject('/docs')
    expect(page.headers['content-security-policy']).toContain("style-src 'self' 'unsafe-inline'")
    const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '')
    expect(assets.length).toBeGreaterThan(3)
    for (const url of assets) expect((await app.inject(url)).statusCode, url).toBe(200)
    expect((await app.inject('/store-api/livez')).headers['content-security-policy']).not.toContain('unsafe-inline')
  })

  it('row 12: a file of the page that is not there is 404', async () => {
    const answer = await app.inject('/docs/static/nothing.js')
    expect([answer.statusCode, answer.json().type]).toEqual([404, '/problems/unknown_path'])
  })
})

describe('health', () => {
  it('/health-check and /livez say that the process answers', async () => {
    for (const url of ['/store-api/health-check', '/store-api/livez']) {
      const answer = await app.inject(url)
      expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }])
    }
  })

  it('/readyz is 503 with the reasons while there are some', async () => {
    reasons = ['the log is 6 minutes behind']
    const answer = await app.inject('/store-api/readyz')
    expect(answer.statusCode).toBe(503)
    expect(answer.json()).toMatchObject({ type: '/problems/not_ready', checks: reasons })
    reasons = []
    expect((await app.inject('/store-api/readyz')).statusCode).toBe(200)
  })
})

describe('metrics', () => {
  it('are served in the text format of Prometheus', async () => {
    const answer = await app.inject('/metrics')
    expect(answer.headers['content-type']).toContain('text/plain; version=0.0.4')
    expect(answer.body).toContain('orders_total 3')
  })
})
