import { setTimeout as pause } from 'node:timers/promises'
import { httpOrder } from './http-load.ts'

/** An order, and when it was to be placed: milliseconds since 1970, as the database tells its times. */
export interface DueOrder {
  readonly id: number
  readonly due: number
  /** Until it was answered, from the moment it was due. */
  readonly milliseconds: number
}

/**
 * Places orders over HTTP, one each 1/rate seconds, whether or not those before have been answered.
 *
 * @param until ends it; the orders under way are waited for
 * @throws when one is answered with anything but 201
 */
export async function steadyOrders(url: string, rate: number, until: AbortSignal): Promise<DueOrder[]> {
  const placing: Promise<DueOrder>[] = []
  const begin = Date.now()
  while (!until.aborted) {
    const due = begin + (1_000 * placing.length) / rate
    await pause(Math.max(0, due - Date.now()))
    const placed = place(url, due)
    // Awaited at the end, which may come after its failure.
    placed.catch(() => {})
    placing.push(placed)
  }
  return Promise.all(placing)
}

async function place(url: string, due: number): Promise<DueOrder> {
  const answer = await fetch(`${url}/store-api/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(httpOrder()),
  })
  if (answer.status !== 201) throw new Error(`POST /orders answered ${answer.status}: ${await answer.text()}`)
  const { order_id: id } = (await answer.json()) as { order_id: number }
  return { id, due, milliseconds: Date.now() - due }
}
