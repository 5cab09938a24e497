import { OrderUnwanted, placeOrder } from '@comptoir/contracts'
import {
  cancelWishes,
  type Driven,
  driverMailbox,
  drivingMigrations,
  type Migrations,
  type Ports,
  Service,
} from '@comptoir/runtime'

export const orchestratorMigrations: readonly Migrations[] = [drivingMigrations(driverMailbox)]

/** An order's number is known from its first step on. */
const drives: readonly Driven[] = [
  {
    saga: placeOrder,
    subject: ({ createOrder }) =>
      createOrder === undefined ? undefined : String((createOrder as { order_id: number }).order_id),
  },
]

/** An order that is driven here was given up where it was placed. */
const orderUnwanted = cancelWishes(OrderUnwanted, driverMailbox, drives, () => ({
  step: 'createPayment',
  reason: 'cancelled',
}))

/** The orchestrator as the runtime runs it: it has no steps, and drives the sagas that begin here. */
export const orchestratorService = (ports: Ports, epoch: number): Service =>
  new Service({ ...ports, epoch, name: driverMailbox, participants: [], events: [orderUnwanted], drives })
