import { atMost, figure } from '../figure.ts'
import { fillStock, orderLoad } from '../http-load.ts'
import type { Scenario } from '../scenario.ts'
import { withServer } from '../server.ts'

const stepsToGoal = 10
const stepsAfter = 5

/** Resident memory of the real command after many orders over HTTP, and whether it grows after that. One run: it takes minutes. */
export const memory: Scenario = {
  name: 'memory',
  modes: ['embedded'],
  async run({ scale, say }) {
    const samples = await withServer('comptoir', async (server) => {
      await fillStock(server)
      const megabytes: number[] = []
      while (megabytes.length < stepsToGoal + stepsAfter) {
        await orderLoad(server, { amount: scale.memoryStep })
        const [bytes] = await server.metric('process_resident_memory_bytes')
        if (bytes === undefined) throw new Error('the server does not tell its resident memory')
        megabytes.push(bytes / 1e6)
        say(`${megabytes.length * scale.memoryStep} orders: ${(bytes / 1e6).toFixed(0)} MB`)
      }
      return megabytes
    })
    const orders = (stepsToGoal * scale.memoryStep).toLocaleString('en')
    const atGoal = samples.slice(stepsToGoal - stepsAfter, stepsToGoal)
    const later = samples.slice(stepsToGoal)
    const growth = 100 * (Math.min(...later) / Math.max(...atGoal) - 1)
    return {
      figures: [
        figure(`resident memory after ${orders} orders`, 'MB', samples.slice(stepsToGoal - 1, stepsToGoal), {
          goal: atMost(600, 'MB'),
        }),
        figure('memory growth over half as many again', '%', [growth], { goal: atMost(5, '%') }),
      ],
      details: { ordersPerSample: scale.memoryStep, megabytes: samples },
      notes: [],
    }
  },
}
