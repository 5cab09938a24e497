import type { FastifyPluginAsync } from 'fastify'

const answer = { type: 'object', properties: { orders: { type: 'integer' } }, required: ['orders'] } as const

/** POST /read-model/rebuild: makes the read model again while orders flow, and answers from how many orders. */
export function rebuildApi(rebuild: () => Promise<number>): FastifyPluginAsync {
  return async (app) => {
    app.post(
      '/read-model/rebuild',
      {
        config: { policy: 'operator' },
        schema: { summary: 'Make the read model again from the write side', tags: ['operation'], response: { 200: answer } },
      },
      async () => ({ orders: await rebuild() }),
    )
  }
}
