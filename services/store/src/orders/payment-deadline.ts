import type { Unit } from '@comptoir/runtime'

/** How long an order waits for its payment, in milliseconds, where nothing else is said: half an hour. */
export const usualPayWithinMs = 30 * 60_000

/** The orders wait for their payment from now on, and no longer than so many milliseconds. */
export function awaitPayment(unit: Unit, orders: readonly number[], payWithinMs: number): void {
  if (orders.length === 0) return
  unit.write(
    `insert into store.order_expiry (order_id, due)
     select id, comptoir.now() + make_interval(secs => $2::float8 / 1000) from unnest($1::bigint[]) as id
     on conflict do nothing`,
    [orders, payWithinMs],
  )
}

/** The orders are paid, or given up: nothing is waited for any more. */
export function awaitNoPayment(unit: Unit, orders: readonly number[]): void {
  if (orders.length > 0) unit.write(`delete from store.order_expiry where order_id = any($1::bigint[])`, [orders])
}
