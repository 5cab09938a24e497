import { cancelOrder, placeOrder } from '@comptoir/contracts'
import { Entry, type Lockable, type Migrations, type Ports, participant, Service } from '@comptoir/runtime'
import { orderAttention } from './orders/attention.ts'
import { cancellationEnded, markCancelled } from './orders/cancellation.ts'
import { createOrder } from './orders/create-order.ts'
import { linkPayment } from './orders/link-payment.ts'
import { usualPayWithinMs } from './orders/payment-deadline.ts'
import { paymentProcessed } from './orders/payment-processed.ts'
import type { OrderEntry } from './orders/place-order.api.ts'
import { decreaseStock, returnStock, stockLock } from './stock/reserve-stock.ts'

const sql = new URL('../sql/', import.meta.url)

/** The store's tables, and the read model that a rebuild can make again. */
export const storeMigrations: readonly Migrations[] = [
  { owner: 'store', folder: sql, schema: 'store' },
  { owner: 'store.view', folder: new URL('view/', sql), schema: 'store_view' },
]

const lockables: Readonly<Record<string, Lockable>> = { stocks: stockLock }
/**
 * The store as the runtime runs it: its steps of both sagas, which it is the home of, and the events it hears.
 *
 * @param payWithinMs how long an order waits for its payment
 */
export function storeService(ports: Ports, epoch: number, payWithinMs = usualPayWithinMs): Service {
  return new Service({
    ...ports,
    epoch,
    name: 'store',
    participants: [
      participant(placeOrder, 'store', { createOrder, decreaseStock, linkPayment: linkPayment(payWithinMs) }),
      participant(cancelOrder, 'store', { returnStock, markCancelled }),
    ],
    homes: [
      { saga: placeOrder, attention: orderAttention },
      { saga: cancelOrder, attention: orderAttention, ended: cancellationEnded(payWithinMs) },
    ],
    events: [paymentProcessed],
    lockables,
  })
}

type Created = { order_id: number; total_amount: number }

/** Where choreographed orders begin. */
export const orderEntry = (service: Service): OrderEntry =>
  new Entry(service, placeOrder, ({ order_id }: Created) => String(order_id))
