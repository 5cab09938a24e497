import type { FastifyPluginCallback } from 'fastify'
import { Problem } from './problem.ts'

export interface HealthOptions {
  /** Why the service cannot serve now, in words for the operator; empty when it can. */
  readonly ready: () => Promise<readonly string[]>
  /** What is away while it serves all the same; shown, and no reason to send requests elsewhere. */
  readonly degraded?: () => readonly string[]
}

const config = { policy: 'anyone' } as const

/**
 * `/health-check` (the old clients' one) and `/livez`: the process answers. `/readyz`: it can do its work, else 503 with
 * the reasons, so that a load balancer sends requests elsewhere.
 */
export const health: FastifyPluginCallback<HealthOptions> = (app, { ready, degraded = () => [] }, done) => {
  const alive = { config, schema: { summary: 'The process answers', tags: ['health'] } }
  app.get('/health-check', alive, async () => ({ status: 'ok' }))
  app.get('/livez', alive, async () => ({ status: 'ok' }))
  app.get('/readyz', { config, schema: { summary: 'The service can do its work', tags: ['health'] } }, async () => {
    const checks = await ready()
    const away = degraded()
    if (checks.length === 0) return away.length === 0 ? { status: 'ok' } : { status: 'degraded', checks: away }
    throw new Problem(503, 'not_ready', `Not ready: ${checks.join('; ')}. Try again in a moment.`, {
      members: { checks },
      headers: { 'retry-after': '1' },
    })
  })
  done()
}
