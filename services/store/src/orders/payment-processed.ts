import { PaymentProcessed } from '@comptoir/contracts'
import type { EventHandler } from '@comptoir/runtime'
import { awaitNoPayment } from './payment-deadline.ts'

/**
 * The payment was paid. An order that is PLACED or CANCELLING is PAID from now on (its payment row has decided); on one
 * whose link is not there yet it is remembered.
 */
export const paymentProcessed: EventHandler<{ order_id: number; payment_id: number }> = {
  type: PaymentProcessed.type,
  from: [PaymentProcessed.from],
  async handle(unit, events) {
    const rows = await unit.query<{ id: number }>(
      `update store.orders as o
       set paid = true, payment_id = coalesce(o.payment_id, p.payment_id), version = o.version + 1,
         status = case when o.status in ('PLACED', 'CANCELLING') then 'PAID' else o.status end
       from unnest($1::bigint[], $2::int[]) as p(order_id, payment_id)
       where o.id = p.order_id and not o.paid
       returning o.id`,
      [events.map((event) => event.data.order_id), events.map((event) => event.data.payment_id)],
    )
    const paid = rows.map((row) => row.id)
    unit.changed('order', paid)
    awaitNoPayment(unit, paid)
  },
}
