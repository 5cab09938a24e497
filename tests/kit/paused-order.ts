import type { Client } from './client.ts'
import { until } from './wait.ts'

/** Orders at once: the last of them wait for the others. Twice as many after each time that none was caught. */
const [firstBurst, mostOrders] = [30, 480] as const

interface Running {
  readonly saga_id: string
  readonly style: string
}

/**
 * The saga of an order that was caught under way, and is paused. It takes many orders: most are done before anybody can do
 * anything.
 *
 * @param style how it is driven
 * @param place places one order, and does not wait for its end
 */
export function pausedOrder(client: Client, style: string, place: () => Promise<unknown>, reason?: string): Promise<string> {
  const running = async () => (await client.get('/saga-api/sagas?state=running')).json<{ items: readonly Running[] }>().items
  let burst: number = firstBurst
  return until(`an order is paused under way, ${style}`, async () => {
    let done = false
    const placing = Promise.all(Array.from({ length: burst }, place)).finally(() => {
      done = true
    })
    let paused: string | undefined
    while (!done && paused === undefined) {
      const found = (await running()).find((saga) => saga.style === style)?.saga_id
      const body = reason === undefined ? undefined : { reason }
      if (found && (await client.post(`/saga-api/sagas/${found}/pause`, body)).status === 200) paused = found
    }
    await placing
    burst = Math.min(2 * burst, mostOrders)
    if (paused === undefined) return undefined
    // Its last step may have been under way: by the time that all others have ended, it has ended, too, or waits.
    await until('the others have ended', async () => (await running()).length === 0)
    const { status } = (await client.get(`/saga-api/sagas/${paused}`)).json<{ status: string }>()
    return status === 'paused' && paused
  })
}
