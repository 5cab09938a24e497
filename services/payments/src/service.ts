import { cancelOrder, placeOrder } from '@comptoir/contracts'
import { type Migrations, type Ports, participant, Service } from '@comptoir/runtime'
import { closePayment, orderClosed, paymentTaken } from './close-payment.ts'
import { createPayment } from './create-payment.ts'

export const paymentsMigrations: readonly Migrations[] = [
  { owner: 'payments', folder: new URL('../sql/', import.meta.url), schema: 'payments' },
]

/** The largest payment that is not refused, in minor units, when nothing else is configured: 10,000,000.00. */
export const defaultCeiling = 1_000_000_000

/** Payments as the runtime runs it. @param ceiling the largest payment in minor units */
export function paymentsService(ports: Ports, epoch: number, ceiling = defaultCeiling): Service {
  return new Service({
    ...ports,
    epoch,
    name: 'payments',
    participants: [
      participant(placeOrder, 'payments', { createPayment: createPayment(ceiling) }),
      participant(cancelOrder, 'payments', { closePayment }),
    ],
    events: [orderClosed, paymentTaken],
  })
}
