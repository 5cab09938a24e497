import type { placeOrder } from '@comptoir/contracts'
import { toMinor } from '@comptoir/http'
import type { Handler } from '@comptoir/runtime'
import { done, failed, type StepsOf } from '@comptoir/saga'
import { openPayments } from './payments.ts'
import { refusalsOf } from './refusal.ts'

/** createPayment: opens the payments of these orders, unless the amount is above the ceiling or the user is on hold. */
export function createPayment(ceiling: number): Handler<StepsOf<typeof placeOrder>['createPayment']> {
  return {
    async do(unit, tasks) {
      const wishes = tasks.map(({ saga, data }) => ({
        order: data.createOrder.order_id,
        user: data.input.user_id,
        total: toMinor(data.createOrder.total_amount),
        key: saga,
      }))
      const refusals = await refusalsOf(unit, wishes, ceiling)
      const opened = await openPayments(
        unit,
        wishes.filter((_, index) => refusals[index] === undefined),
      )
      return wishes.map(({ order }, index) => {
        const reason = refusals[index]
        if (reason !== undefined) return failed(reason)
        const payment = opened.get(order)
        return payment ? done({ payment_id: payment }) : failed('closed')
      })
    },
  }
}
