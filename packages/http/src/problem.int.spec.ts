import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import type { UnexpectedError } from './error-answer.ts'
import { Problem } from './problem.ts'
import { createServer } from './server.ts'

const config = { policy: 'anyone' } as const

describe('problems', () => {
  it('are answered with all members, in the words for old clients too', async () => {
    const app = createServer({ allowedHosts: 'loopback' })
    app.delete('/products/:id', { config }, async () => {
      throw new Problem(404, 'unknown_product', 'There is no product 7. Look it up first.', {
        members: { deleted: false, status: 'never this' },
        headers: { 'x-more': '1' },
      })
    })
    const answer = await app.inject({ method: 'DELETE', url: '/products/7?secret=1' })
    expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json', 'x-more': '1' })
    expect(answer.json()).toEqual({
      deleted: false,
      type: '/problems/unknown_product',
      title: 'Unknown product',
      status: 404,
      detail: 'There is no product 7. Look it up first.',
      instance: '/products/7',
      errors: [],
      error: 'There is no product 7. Look it up first.',
    })
  })

  it('an unexpected error is 500, shows nothing of itself, and is published with the id that the client got', async () => {
    const app = createServer({ allowedHosts: 'loopback' })
    const thrown = new Error('password=hunter2')
    app.get('/boom/:id', { config }, async () => {
      throw thrown
    })
    const published: unknown[] = []
    const listen = (message: unknown) => published.push(message)
    subscribe('comptoir:http:error', listen)
    const answer = await app.inject('/boom/7')
    unsubscribe('comptoir:http:error', listen)
    expect(answer.statusCode).toBe(500)
    expect(answer.body).not.toContain('hunter2')
    const { id } = answer.json<{ id: string }>()
    expect(answer.json().detail).toContain(id)
    expect(published).toEqual([{ id, error: thrown, method: 'GET', route: '/boom/:id' } satisfies UnexpectedError])
  })

  it('the words of a plugin that refuses are not shown', async () => {
    const app = createServer({ allowedHosts: 'loopback' })
    app.get('/plugin', { config }, async () => {
      throw Object.assign(new Error('/etc/passwd'), { statusCode: 403 })
    })
    const answer = await app.inject('/plugin')
    expect(answer.statusCode).toBe(403)
    expect(answer.body).not.toContain('passwd')
  })

  it('what is repeated from the request is bounded', async () => {
    const app = createServer({ allowedHosts: 'loopback' })
    app.post('/closed', { config, schema: { body: { type: 'object', additionalProperties: false } } }, async () => ({}))
    const payload = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`${index}${'k'.repeat(200)}`, 1]))
    const answer = await app.inject({ method: 'POST', url: '/closed', payload })
    expect(answer.statusCode).toBe(400)
    expect(answer.json().errors).toHaveLength(20)
    expect(answer.body.length).toBeLessThan(20_000)
  })
})

describe('policies', () => {
  it('a route without a policy stops the start-up and is named', async () => {
    const app = createServer({ allowedHosts: 'loopback' })
    app.get('/open', async () => ({}))
    app.post('/empty', { config: { policy: [] } }, async () => ({}))
    await expect(app.ready()).rejects.toThrow(/without a policy: GET \/open, HEAD \/open, POST \/empty/)
  })

  it('one such route among others is enough', async () => {
    const app = createServer({ allowedHosts: 'loopback' })
    app.get('/with', { config }, async () => ({}))
    app.post('/without', async () => ({}))
    await expect(app.ready()).rejects.toThrow('without a policy: POST /without.')
  })

  it('routes with one start', async () => {
    const app = createServer({ allowedHosts: 'loopback' })
    app.get('/open', { config: { policy: ['clerk', 'service'] } }, async () => ({}))
    await expect(app.ready()).resolves.toBeDefined()
  })
})
