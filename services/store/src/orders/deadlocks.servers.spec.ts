import type { Database, Unit } from '@comptoir/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../../packages/runtime/src/testing/open-database.ts'
import { createProduct } from '../products/commands.ts'
import { OPENING_MS, openScratchStore, type ScratchStore } from '../seed/scratch-store.fixture.ts'
import { createUser } from '../users/commands.ts'
import { cancellationEnded } from './cancellation.ts'
import { requestCancellation } from './commands.ts'
import { expireOrders } from './expiry.ts'
import { paymentProcessed } from './payment-processed.ts'
import { placeOrders } from './placed-orders.fixture.ts'

const hour = 3_600_000

/** What comes by different keys for the same orders, to two instances at once. */
describe('I20: nobody deadlocks', () => {
  let store: ScratchStore
  const conflicts: string[] = []
  beforeAll(async () => {
    const database = await openDatabase()
    // A transaction that was chosen to end a deadlock is tried again: nobody else would hear of it.
    const transaction: Database['transaction'] = (work) =>
      database.transaction(work).catch((error: unknown) => {
        conflicts.push(String(error))
        throw error
      })
    store = await openScratchStore({ ...database, transaction })
    await createUser(store.work, { name: 'a', email: 'a@example.com' })
    await createProduct(store.work, { name: 'A', sku: 'A', price: 250 })
  }, OPENING_MS)
  afterAll(() => store.close())

  const run = <T>(work: (unit: Unit) => Promise<T>): Promise<T> => store.work.transaction(work)
  const pay = (unit: Unit, orders: readonly number[]) =>
    paymentProcessed.handle(
      unit,
      orders.map((order_id) => ({ id: unit.newId(), key: unit.newId(), data: { order_id, payment_id: order_id } })),
    )
  const states = async (orders: readonly number[]) => {
    const rows = await store.work.query<{ status: string }>(
      'select distinct status from store.orders where id = any($1::bigint[]) order by status',
      [orders],
    )
    return rows.map((row) => row.status)
  }
  it('over orders whose payments have come and whose cancellations have lost against them', async () => {
    for (let round = 0; round < 40; round += 1) {
      const orders = await placeOrders(store.work, 6, 0)
      await run((unit) => expireOrders(unit, 100))
      const [some, others] = [orders.slice(0, 3), orders.slice(3)]
      const ended = (lost: readonly number[]) =>
        lost.map(
          (order) =>
            ({
              saga: store.work.ports.ids.uuid(),
              subject: String(order),
              outcome: 'cancelled',
              cause: { step: 'closePayment', reason: 'paid' },
            }) as const,
        )
      const batch = (paid: readonly number[], lost: readonly number[]) => () =>
        run(async (unit) => {
          await pay(unit, paid)
          await cancellationEnded(hour)(unit, ended(lost))
        })
      await Promise.all([batch(some, others), batch(others, some)].map((work) => work()))
      expect([conflicts, await states(orders)]).toEqual([[], ['PAID']])
    }
  })

  it('over orders that expire while they are paid or cancelled', async () => {
    for (let round = 0; round < 40; round += 1) {
      const orders = await placeOrders(store.work, 8, 0)
      await Promise.all([
        run((unit) => expireOrders(unit, 100)),
        run((unit) => pay(unit, orders.slice(0, 3))),
        run((unit) => expireOrders(unit, 3)),
        ...orders.slice(3, 6).map((order) => requestCancellation(store.work, order)),
      ])
      expect([conflicts, await states(orders)]).toEqual([[], ['CANCELLING', 'PAID']])
    }
  })
})
