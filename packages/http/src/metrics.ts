import type { FastifyPluginCallback } from 'fastify'
import type { Registry } from 'prom-client'

export interface MetricsOptions {
  readonly registry: Pick<Registry, 'contentType' | 'metrics'>
}

/** `/metrics`: what the registry holds, in Prometheus' text format. */
export const metrics: FastifyPluginCallback<MetricsOptions> = (app, { registry }, done) => {
  app.get(
    '/metrics',
    { config: { policy: 'operator' }, schema: { summary: 'Metrics for Prometheus', tags: ['health'] } },
    async (_request, reply) => {
      reply.type(registry.contentType)
      return registry.metrics()
    },
  )
  done()
}
