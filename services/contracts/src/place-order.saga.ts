import { defineSaga, message } from '@comptoir/saga'
import { Type } from 'typebox'

const nothing = Type.Object({})

/** What a customer asks for. The lines are carried once, as ids and quantities; prices are the store's. */
export const PlaceOrder = Type.Object({
  user_id: Type.Integer(),
  items: Type.Array(Type.Object({ product_id: Type.Integer(), quantity: Type.Integer() })),
})

/** An order is created, its stock taken, its payment opened and linked; or everything done so far is undone. */
export const placeOrder = defineSaga('PlaceOrder', { version: 1, home: 'store', input: PlaceOrder })
  .compensatable('createOrder', {
    at: 'store',
    state: 'CREATING_ORDER',
    done: message('OrderCreated', Type.Object({ order_id: Type.Integer(), total_amount: Type.Number() })),
    failed: message(
      'OrderCreationFailed',
      Type.Union([Type.Literal('unknown_user'), Type.Literal('unknown_product'), Type.Literal('total_too_large')]),
    ),
    undo: { name: 'cancelOrder', state: 'CANCELLING_ORDER', done: message('OrderCancelled', nothing) },
  })
  .compensatable('decreaseStock', {
    at: 'store',
    state: 'DECREASING_STOCK',
    done: message('StockDecreased', nothing),
    failed: message('StockDecreaseFailed', Type.Literal('out_of_stock')),
    undo: { name: 'increaseStock', state: 'INCREASING_STOCK', done: message('StockIncreased', nothing) },
  })
  .pivot('createPayment', {
    at: 'payments',
    state: 'CREATING_PAYMENT',
    done: message('PaymentCreated', Type.Object({ payment_id: Type.Integer() })),
    failed: message(
      'PaymentCreationFailed',
      Type.Union([Type.Literal('over_ceiling'), Type.Literal('on_hold'), Type.Literal('closed')]),
    ),
    timeout: '10m',
  })
  .retriable('linkPayment', { at: 'store', state: 'COMPLETING', done: message('PaymentLinked', nothing) })
  .end('COMPLETED', message('SagaCompleted', nothing))
