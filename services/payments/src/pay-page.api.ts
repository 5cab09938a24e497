import { readFile } from 'node:fs/promises'
import { Id } from '@comptoir/http'
import type { Work } from '@comptoir/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { findPayment } from './payments.ts'

const PaymentPath = Type.Object({ payment_id: Id })
const config = { policy: 'anyone' } as const

/** The same folder from `src` and from `dist`. */
const publicFolder = new URL('../public/', import.meta.url)
const assets = {
  'pay.css': 'text/css; charset=utf-8',
  'pay.js': 'text/javascript; charset=utf-8',
  'pay.svg': 'image/svg+xml',
} as const

/**
 * The page to pay, for the browser that follows a payment link. It holds no data: its script asks GET /payments/:payment_id,
 * which has a policy of its own.
 */
export function payPageApi(work: Work): FastifyPluginAsync {
  return async (app) => {
    const page = await readFile(new URL('pay.html', publicFolder))
    app.get<{ Params: Static<typeof PaymentPath> }>(
      '/payments/process/:payment_id',
      { config, schema: { summary: 'The page to pay, for browsers', tags: ['payments'], params: PaymentPath } },
      async ({ params }, reply) => {
        const payment = await findPayment(work, Number(params.payment_id))
        return reply
          .code(payment === undefined ? 404 : 200)
          .type('text/html; charset=utf-8')
          .send(page)
      },
    )
    for (const [name, type] of Object.entries(assets)) {
      const content = await readFile(new URL(name, publicFolder))
      app.get(`/payments/process/page/${name}`, { config, schema: { hide: true } }, (_request, reply) =>
        reply.type(type).send(content),
      )
    }
  }
}
