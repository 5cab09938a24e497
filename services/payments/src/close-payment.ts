import type { cancelOrder } from '@comptoir/contracts'
import { OrderClosed, PaymentTaken } from '@comptoir/contracts'
import type { EventHandler, Handler } from '@comptoir/runtime'
import { done, failed, type StepsOf } from '@comptoir/saga'
import { closePayments, pay } from './payments.ts'

/** closePayment: the order is given up; refused when it is paid. */
export const closePayment: Handler<StepsOf<typeof cancelOrder>['closePayment']> = {
  async do(unit, tasks) {
    const statuses = await closePayments(
      unit,
      tasks.map((task) => ({ order: task.data.input.order_id, key: task.saga })),
    )
    return tasks.map((task) => (statuses.get(task.data.input.order_id) === 'PAID' ? failed('paid') : done({})))
  },
}

/** An order ended unpaid: no payment may be made for it any more. */
export const orderClosed: EventHandler<{ order_id: number }> = {
  type: OrderClosed.type,
  from: [OrderClosed.from],
  async handle(unit, events) {
    await closePayments(
      unit,
      events.map((event) => ({ order: event.data.order_id, key: event.key })),
    )
  },
}

/** The payment of an order was taken by other means. */
export const paymentTaken: EventHandler<{ order_id: number }> = {
  type: PaymentTaken.type,
  from: [PaymentTaken.from],
  async handle(unit, events) {
    await pay(
      unit,
      'order_id',
      events.map((event) => event.data.order_id),
    )
  },
}
