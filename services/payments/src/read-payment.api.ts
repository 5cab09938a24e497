import { Id, toDecimal } from '@comptoir/http'
import type { Work } from '@comptoir/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { unknownPayment } from './payment-problems.ts'
import { findPayment } from './payments.ts'

const PaymentPath = Type.Object({ payment_id: Id })
const Payment = Type.Object({
  id: Type.Integer(),
  order_id: Type.Integer(),
  user_id: Type.Integer(),
  total_amount: Type.Number(),
  is_paid: Type.Boolean(),
  status: Type.String({ description: 'OPEN, PAID or CLOSED (the order was cancelled or has expired)' }),
})

/** GET /payments/:payment_id. */
export function readPaymentApi(work: Work): FastifyPluginAsync {
  return async (app) => {
    app.get<{ Params: Static<typeof PaymentPath> }>(
      '/payments/:payment_id',
      {
        config: { policy: ['customer', 'clerk', 'operator', 'service'] },
        schema: { summary: 'A payment', tags: ['payments'], params: PaymentPath, response: { 200: Payment } },
      },
      async ({ params }) => {
        const payment = await findPayment(work, Number(params.payment_id))
        if (payment === undefined) throw unknownPayment(params.payment_id)
        const { id, order_id, user_id, total, status } = payment
        return { id, order_id, user_id, total_amount: toDecimal(total), is_paid: status === 'PAID', status }
      },
    )
  }
}
