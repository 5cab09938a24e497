import { setTimeout as pause } from 'node:timers/promises'
import { atMost, figure } from '../figure.ts'
import { fillStock } from '../http-load.ts'
import type { Scenario } from '../scenario.ts'
import { withServer } from '../server.ts'
import { steadyOrders } from '../steady-orders.ts'

/** Orders per second. */
const rate = 200
const samples = 30

/**
 * Resident memory of an instance under steady load, sampled thirty times (on the full scale: each minute). Its caches fill in
 * the first third; the last third must not need more than the second did.
 */
export const soak: Scenario = {
  name: 'soak',
  modes: ['postgres', 'kafka'],
  async run({ scale, places, say }) {
    const minutes = scale.soakSeconds / 60
    const run = await places.fresh((place) =>
      withServer(
        'comptoir',
        async (server) => {
          await fillStock(server)
          const end = new AbortController()
          const loading = steadyOrders(server.url, rate, end.signal)
          loading.catch(() => {})
          const megabytes: number[] = []
          try {
            while (megabytes.length < samples) {
              await Promise.race([pause((1_000 * scale.soakSeconds) / samples), loading])
              const [bytes] = await server.metric('process_resident_memory_bytes')
              if (bytes === undefined) throw new Error('the server does not tell its resident memory')
              megabytes.push(bytes / 1e6)
              say(`${((megabytes.length * minutes) / samples).toFixed(1)} min: ${(bytes / 1e6).toFixed(0)} MB`)
            }
          } finally {
            end.abort()
          }
          return { megabytes, orders: (await loading).length }
        },
        place,
      ),
    )
    const third = samples / 3
    const [second, last] = [run.megabytes.slice(third, 2 * third), run.megabytes.slice(2 * third)]
    return {
      figures: [
        figure(`resident memory over ${minutes.toFixed(0)} minutes at ${rate} orders/s`, 'MB', run.megabytes),
        figure('memory growth, last third over the second', '%', [100 * (Math.max(...last) / Math.max(...second) - 1)], {
          goal: atMost(5, '%'),
        }),
      ],
      details: run,
      notes: [`soak: ${run.orders} orders in ${minutes.toFixed(0)} minutes, none refused`],
    }
  },
}
