import { performance } from 'node:perf_hooks'
import { atMost, figure } from '../figure.ts'
import type { Scenario } from '../scenario.ts'
import { commands, withServer } from '../server.ts'

const order = { user_id: 1, items: [{ product_id: 2, quantity: 1 }] }

/** From the spawn of the real command, on a new folder, until POST /orders answers 201. */
export const start: Scenario = {
  name: 'start',
  modes: ['embedded'],
  async run({ scale, say }) {
    const figures = []
    for (const command of Object.keys(commands) as (keyof typeof commands)[]) {
      const seconds: number[] = []
      for (let run = 1; run <= scale.runs; run += 1) {
        say(`${command}, run ${run} of ${scale.runs}`)
        const began = performance.now()
        await withServer(command, async (server) => {
          const status = await server.post('/store-api/orders', order)
          if (status !== 201) throw new Error(`the first POST /orders answered ${status}`)
          seconds.push((performance.now() - began) / 1_000)
        })
      }
      figures.push(figure(`start until POST /orders answers 201 (${command})`, 's', seconds, { goal: atMost(3, 's') }))
    }
    return { figures, details: null, notes: [] }
  },
}
