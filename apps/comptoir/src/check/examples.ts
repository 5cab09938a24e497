import { cancelOrder, OrderClosed, OrderUnwanted, PaymentProcessed, PaymentTaken, placeOrder } from '@comptoir/contracts'
import type { Queryable } from '@comptoir/runtime'
import type { Exercise } from './exercise.ts'

/** The largest payment of the examples, in minor units: five laptops. */
export const exampleCeiling = 1_000_000

/**
 * Sagas on the demo data, so that every handler and every undo runs, and every step fails for each of its reasons. What is
 * missing here is a finding of the check.
 */
export async function runExamples(exercise: Exercise, database: Queryable): Promise<void> {
  const place = (user_id: number, product_id: number, quantity: number, before = {}) =>
    exercise.run(placeOrder, { user_id, items: [{ product_id, quantity }] }, { before })
  const orderOf = (data: Record<string, unknown>) => (data.createOrder as { order_id: number }).order_id
  const cancel = (order_id: number) =>
    exercise.run(
      cancelOrder,
      { order_id, items: [{ product_id: 2, quantity: 1 }], reason: 'cancelled' },
      { subject: `${order_id}` },
    )

  await cancel(orderOf(await place(1, 2, 1)))

  // Of the input: nobody has this number, no product has it, no total is so large.
  await place(1_000_000, 2, 1)
  await place(1, 1_000_000, 1)
  await place(1, 1, 1e11)
  // Of the demo data: there are two of product 3, and user 4 is on hold.
  await place(1, 3, 3)
  await place(4, 2, 1)
  await place(1, 1, 6)
  await place(1, 2, 1, {
    createPayment: (data: Record<string, unknown>) => exercise.hear(OrderClosed, { order_id: orderOf(data) }),
  })

  // Somebody asks for the end of an order before its payment is linked.
  const wish = `update store.orders set cancel_wish = 'cancelled' where id = $1`
  const unwanted = await place(1, 2, 1, { linkPayment: (data: Record<string, unknown>) => database.query(wish, [orderOf(data)]) })
  await exercise.hear(OrderUnwanted, { order_id: orderOf(unwanted) })

  const paid = await place(1, 2, 1)
  const payment = (paid.createPayment as { payment_id: number }).payment_id
  await exercise.hear(PaymentTaken, { order_id: orderOf(paid) })
  await cancel(orderOf(paid))
  await exercise.hear(PaymentProcessed, { order_id: orderOf(paid), payment_id: payment })
}
