import { Problem } from '@comptoir/http'
import { RebuildTakenOver } from '@comptoir/store'
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
      async () => {
        try {
          return { orders: await rebuild() }
        } catch (error) {
          if (!(error instanceof RebuildTakenOver)) throw error
          const detail = 'This process stood still, and another instance rebuilds by now: ask again in a moment.'
          throw new Problem(503, 'rebuild_taken_over', detail, { headers: { 'retry-after': '5' } })
        }
      },
    )
  }
}
