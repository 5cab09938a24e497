import { BodyId, fieldProblem, Money, type Problem, toDecimal, toMinor } from '@comptoir/http'
import type { Unit, Work } from '@comptoir/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { type Answer, KeyedAnswers } from './keyed-answers.ts'
import { type Opening, openPayment } from './open-payment.ts'

const NewPayment = Type.Object(
  { user_id: BodyId, order_id: BodyId, total_amount: Money(toDecimal(Number.MAX_SAFE_INTEGER)) },
  { additionalProperties: false },
)
type NewPayment = Static<typeof NewPayment>
const Opened = Type.Object({ payment_id: Type.Integer() })

/** POST /payments. @param ceiling the largest payment in minor units */
export function openPaymentApi(work: Work, ceiling: number): FastifyPluginAsync {
  const answers = new KeyedAnswers<Static<typeof Opened>>(work, 'POST /payments')
  return async (app) => {
    app.post<{ Body: NewPayment }>(
      '/payments',
      {
        config: { policy: ['clerk', 'service'] },
        schema: {
          summary: 'Open the payment of an order',
          tags: ['payments'],
          body: NewPayment,
          response: { 200: Opened, 201: Opened },
        },
      },
      async (request, reply) => {
        const { status, body, replayed } = await answers.answer(request, (unit) => open(unit, request.body, ceiling))
        if (replayed) reply.header('idempotency-replayed', 'true')
        // Relative to the request's path, whatever prefix a gateway gave it.
        if (status === 201) reply.header('location', `payments/${body.payment_id}`)
        return reply.code(status).send(body)
      },
    )
  }
}

/** @throws Problem when no payment was opened; thrown inside the transaction, so that the request leaves nothing behind */
async function open(unit: Unit, asked: NewPayment, ceiling: number): Promise<Answer<Static<typeof Opened>>> {
  const wish = { order: asked.order_id, user: asked.user_id, total: toMinor(asked.total_amount) }
  const opening = await openPayment(unit, wish, ceiling)
  switch (opening.kind) {
    case 'opened':
      return { status: 201, body: { payment_id: opening.payment } }
    case 'known':
      return { status: 200, body: { payment_id: opening.payment } }
    case 'refused':
      throw refusal(opening.reason, asked.user_id, ceiling)
    case 'differs':
      throw fieldProblem(
        409,
        '/order_id',
        'payment_differs',
        `Order ${wish.order} has a payment of another user or amount. Compare it with GET /orders/${wish.order}.`,
      )
    case 'closed':
      throw fieldProblem(409, '/order_id', 'order_closed', `Order ${wish.order} was cancelled or has expired. Place a new one.`)
    default:
      return opening satisfies never
  }
}

function refusal(reason: Extract<Opening, { kind: 'refused' }>['reason'], user: number, ceiling: number): Problem {
  if (reason === 'on_hold')
    return fieldProblem(
      422,
      '/user_id',
      reason,
      `User ${user} is on credit hold. An operator ends it with DELETE /holds/${user}.`,
    )
  return fieldProblem(422, '/total_amount', reason, `The largest payment is ${toDecimal(ceiling).toFixed(2)}. Split the order.`)
}
