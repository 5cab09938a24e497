import { checkTogether, type Saga, stateDiagram, transitionsOf } from '@comptoir/saga'
import { describe, expect, it } from 'vitest'
import { cancelOrder, placeOrder } from './index.ts'

const arrows = (saga: Saga) => transitionsOf(saga).map(({ from, message, to }) => `${from}: ${message} → ${to}`)

describe('PlaceOrder', () => {
  it('has these transitions', () => {
    expect(arrows(placeOrder).sort()).toEqual(
      [
        'CREATING_ORDER: OrderCreated → DECREASING_STOCK',
        'DECREASING_STOCK: StockDecreased → CREATING_PAYMENT',
        'CREATING_PAYMENT: PaymentCreated → COMPLETING',
        'COMPLETING: PaymentLinked → COMPLETED',
        'CREATING_PAYMENT: PaymentCreationFailed → INCREASING_STOCK',
        'INCREASING_STOCK: StockIncreased → CANCELLING_ORDER',
        'DECREASING_STOCK: StockDecreaseFailed → CANCELLING_ORDER',
        'CANCELLING_ORDER: OrderCancelled → COMPLETED',
        'CREATING_ORDER: OrderCreationFailed → COMPLETED',
      ].sort(),
    )
  })

  it('says SagaCompleted when it reaches COMPLETED', () => {
    expect([placeOrder.end.state, placeOrder.end.message.name]).toEqual(['COMPLETED', 'SagaCompleted'])
  })

  it('makes the outcome of createPayment definite after ten minutes', () => {
    expect(placeOrder.steps.map(({ name, timeout }) => [name, timeout])).toEqual([
      ['createOrder', undefined],
      ['decreaseStock', undefined],
      ['createPayment', 600_000],
      ['linkPayment', undefined],
    ])
  })

  it('is drawn', () => {
    expect(stateDiagram(placeOrder)).toMatchInlineSnapshot(`
      "stateDiagram-v2
        [*] --> CREATING_ORDER
        CREATING_ORDER --> DECREASING_STOCK : OrderCreated
        CREATING_ORDER --> COMPLETED : OrderCreationFailed
        CANCELLING_ORDER --> COMPLETED : OrderCancelled
        DECREASING_STOCK --> CREATING_PAYMENT : StockDecreased
        DECREASING_STOCK --> CANCELLING_ORDER : StockDecreaseFailed
        INCREASING_STOCK --> CANCELLING_ORDER : StockIncreased
        CREATING_PAYMENT --> COMPLETING : PaymentCreated
        CREATING_PAYMENT --> INCREASING_STOCK : PaymentCreationFailed
        COMPLETING --> COMPLETED : PaymentLinked
        COMPLETED --> [*] : SagaCompleted
      "
    `)
  })
})

describe('CancelOrder', () => {
  it('has these transitions', () => {
    expect(arrows(cancelOrder)).toEqual([
      'CLOSING_PAYMENT: PaymentClosed → RETURNING_STOCK',
      'CLOSING_PAYMENT: PaymentCloseRefused → CANCELLED',
      'RETURNING_STOCK: StockReturned → MARKING_CANCELLED',
      'MARKING_CANCELLED: OrderMarkedCancelled → CANCELLED',
    ])
  })

  it('says CancellationCompleted when it reaches CANCELLED', () => {
    expect([cancelOrder.end.state, cancelOrder.end.message.name]).toEqual(['CANCELLED', 'CancellationCompleted'])
  })

  it('is drawn', () => {
    expect(stateDiagram(cancelOrder)).toMatchInlineSnapshot(`
      "stateDiagram-v2
        [*] --> CLOSING_PAYMENT
        CLOSING_PAYMENT --> RETURNING_STOCK : PaymentClosed
        CLOSING_PAYMENT --> CANCELLED : PaymentCloseRefused
        RETURNING_STOCK --> MARKING_CANCELLED : StockReturned
        MARKING_CANCELLED --> CANCELLED : OrderMarkedCancelled
        CANCELLED --> [*] : CancellationCompleted
      "
    `)
  })
})

describe('both sagas', () => {
  it('run side by side', () => {
    expect(checkTogether([placeOrder, cancelOrder])).toEqual([])
  })

  it('keep their identity: running sagas carry it, and code that does not know it holds their messages', () => {
    expect([placeOrder.id, cancelOrder.id]).toMatchInlineSnapshot(`
      [
        "PlaceOrder/1/2f27f0bf2d3892bb",
        "CancelOrder/1/cd5cd421c06e1b07",
      ]
    `)
  })
})
