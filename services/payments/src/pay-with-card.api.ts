import { fieldProblem, Id, type Problem } from '@comptoir/http'
import type { Clock, Work } from '@comptoir/runtime'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { Card } from './card.ts'
import { cardFaults, parseCard } from './card-masking.ts'
import { payWithCard } from './pay-with-card.ts'
import { closedPayment, unknownPayment } from './payment-problems.ts'
import { settledWithin } from './settled-within.ts'

export interface PayWithCardOptions {
  readonly work: Work
  /** Decides whether a card has expired. */
  readonly clock: Clock
  /** Resolves when the store shows the order as paid. The answer to a payment waits for it, at most 500 ms. */
  readonly paid: (order: number) => Promise<unknown>
}

const PaymentPath = Type.Object({ payment_id: Id })
const Paid = Type.Object({ order_id: Type.Integer(), payment_id: Type.Integer(), is_paid: Type.Literal(true) })

/** Longest that an answer waits for the store to show what was paid; it is right with and without. */
const storeWaitMs = 500

/** POST /payments/process/:payment_id; the old gateway had it at /payments/:payment_id. */
export function payWithCardApi({ work, clock, paid }: PayWithCardOptions): FastifyPluginAsync {
  return async (app) => {
    app.removeContentTypeParser('application/json')
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) =>
      parseCard(body),
    )
    for (const path of ['/payments/process/:payment_id', '/payments/:payment_id']) {
      app.post<{ Params: Static<typeof PaymentPath>; Body: Card }>(
        path,
        {
          config: { policy: 'customer' },
          schema: { summary: 'Pay by card', tags: ['payments'], params: PaymentPath, body: Card, response: { 200: Paid } },
          schemaErrorFormatter: cardFaults,
        },
        async ({ params: { payment_id }, body }) => {
          const paying = await payWithCard(work, Number(payment_id), body, clock.now())
          if (paying.kind === 'unknown') throw unknownPayment(payment_id)
          if (paying.kind === 'closed') throw closedPayment(payment_id)
          if (paying.kind === 'refused') throw refusedCard(paying.reason)
          const { id, order_id } = paying.payment
          await settledWithin(storeWaitMs, paid(order_id))
          return { order_id, payment_id: id, is_paid: true as const }
        },
      )
    }
  }
}

function refusedCard(reason: 'card_declined' | 'card_expired'): Problem {
  if (reason === 'card_expired')
    return fieldProblem(422, '/expirationDate', reason, 'The card has expired. Pay with another one.')
  return fieldProblem(422, '/cardNumber', reason, 'The card was declined. The payment stays open: pay with another card.')
}
