import type { placeOrder } from '@comptoir/contracts'
import type { Handler } from '@comptoir/runtime'
import { done, type StepsOf } from '@comptoir/saga'
import { beginCancellations } from './cancellation.ts'
import { awaitPayment } from './payment-deadline.ts'

/**
 * linkPayment: the order is PLACED, or PAID when its payment was paid before the link was there, or CANCELLING when
 * somebody asked for that meanwhile.
 *
 * @param payWithinMs how long the order waits for its payment
 */
export const linkPayment = (payWithinMs: number): Handler<StepsOf<typeof placeOrder>['linkPayment']> => ({
  async do(unit, tasks) {
    const rows = await unit.query<{ id: number; paid: boolean; wish: string | null }>(
      `update store.orders as o
       set payment_id = l.payment_id, status = case when o.paid then 'PAID' else 'PLACED' end, version = o.version + 1
       from unnest($1::bigint[], $2::int[]) as l(id, payment_id)
       where o.id = l.id and o.status in ('PENDING', 'NEEDS_ATTENTION')
       returning o.id, o.paid, case when not o.paid then o.cancel_wish end as wish`,
      [tasks.map((task) => task.data.createOrder.order_id), tasks.map((task) => task.data.createPayment.payment_id)],
    )
    unit.changed(
      'order',
      rows.map((row) => row.id),
    )
    const unpaid = rows.filter((row) => !row.paid)
    awaitPayment(
      unit,
      unpaid.map((row) => row.id),
      payWithinMs,
    )
    const wished = unpaid.filter((row) => row.wish !== null)
    if (wished.length > 0)
      await beginCancellations(
        unit,
        wished.map((row) => row.id),
        'cancelled',
      )
    return tasks.map(() => done({}))
  },
})
