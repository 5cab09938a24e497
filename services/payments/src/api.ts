import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { holdsApi } from './holds.api.ts'
import { openPaymentApi } from './open-payment.api.ts'
import { payPageApi } from './pay-page.api.ts'
import { type PayWithCardOptions, payWithCardApi } from './pay-with-card.api.ts'
import { readPaymentApi } from './read-payment.api.ts'

export interface PaymentsOptions extends PayWithCardOptions {
  /** The largest payment that is not refused, in minor units. */
  readonly ceiling: number
}

const Status = Type.Object({ service: Type.String(), status: Type.String() })

/** The Payments HTTP API, with the page to pay. */
export function paymentsApi({ work, clock, ceiling, paid }: PaymentsOptions): FastifyPluginAsync {
  return async (app) => {
    app.get(
      '/',
      { config: { policy: 'anyone' }, schema: { summary: 'The service runs', tags: ['payments'], response: { 200: Status } } },
      async () => ({ service: 'PaymentMicroservice', status: 'running' }),
    )
    await app.register(openPaymentApi(work, ceiling))
    await app.register(readPaymentApi(work))
    await app.register(payWithCardApi({ work, clock, paid }))
    await app.register(payPageApi(work))
    await app.register(holdsApi(work))
  }
}
