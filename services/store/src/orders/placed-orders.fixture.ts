import type { Service, Unit } from '@comptoir/runtime'
import { createOrder } from './create-order.ts'
import { linkPayment } from './link-payment.ts'

const input = { user_id: 1, items: [{ product_id: 1, quantity: 1 }] }

/**
 * So many orders of user 1 for product 1, with a payment link each, as their saga leaves them.
 *
 * @param before what is done to them before their link is there
 */
export async function placeOrders(
  work: Service,
  count: number,
  payWithinMs: number,
  before: (orders: readonly number[]) => Promise<unknown> = async () => {},
): Promise<readonly number[]> {
  const run = <T>(how: (unit: Unit) => Promise<T>): Promise<T> => work.transaction(how)
  const sagas = Array.from({ length: count }, () => work.ports.ids.uuid())
  const outcomes = await run((unit) =>
    createOrder.do(
      unit,
      sagas.map((saga) => ({ saga, data: { input } })),
    ),
  )
  const created = outcomes.map((outcome) => (outcome as { result: { order_id: number; total_amount: number } }).result)
  const orders = created.map(({ order_id }) => order_id)
  await before(orders)
  const tasks = sagas.map((saga, index) => ({
    saga,
    data: {
      input,
      createOrder: created[index] ?? { order_id: 0, total_amount: 0 },
      decreaseStock: {},
      createPayment: { payment_id: index + 1 },
    },
  }))
  await run((unit) => linkPayment(payWithinMs).do(unit, tasks))
  return orders
}
