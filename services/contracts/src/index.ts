export { CancelOrder, cancelOrder } from './cancel-order.saga.ts'
export { OrderClosed, OrderUnwanted, PaymentProcessed, PaymentTaken } from './events.ts'
export { cancelReason, mergeLines, NewOrder, orderRefusal } from './new-order.ts'
export { PlaceOrder, placeOrder } from './place-order.saga.ts'
