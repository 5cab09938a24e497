import { toDecimal } from '@comptoir/http'
import type { Work } from '@comptoir/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { bestSellers, highestSpenders } from './queries.ts'

const config = { policy: ['clerk', 'operator'] } as const
const tags = ['reports']

/** The reports over all orders. */
export function reportsApi(work: Work): FastifyPluginAsync {
  return async (app) => {
    app.get(
      '/orders/reports/highest-spenders',
      {
        config,
        schema: {
          summary: 'The ten users who spent most',
          tags,
          response: { 200: Type.Array(Type.Object({ user_id: Type.Integer(), total_expense: Type.Number() })) },
        },
      },
      async () => (await highestSpenders(work)).map(({ user_id, total }) => ({ user_id, total_expense: toDecimal(total) })),
    )
    app.get(
      '/orders/reports/best-sellers',
      {
        config,
        schema: {
          summary: 'The ten products sold most',
          tags,
          response: { 200: Type.Array(Type.Object({ product_id: Type.Integer(), quantity_sold: Type.Integer() })) },
        },
      },
      async () => (await bestSellers(work)).map(({ product_id, quantity }) => ({ product_id, quantity_sold: quantity })),
    )
  }
}
