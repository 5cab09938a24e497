import { runWorker } from '../child.ts'
import { figure } from '../figure.ts'
import { modes } from '../place.ts'
import type { Scenario } from '../scenario.ts'
import { inTurns } from '../turns.ts'
import type { OpenRun, OpenWork } from '../workers/open-load.ts'

/** Orders per second. */
const rates = [200, 500, 1_000]

/** Whole sagas under arrivals that wait for nobody. */
export const open: Scenario = {
  name: 'open',
  modes,
  async run(context) {
    const seconds = context.scale.openSeconds
    const { ours, byHand } = await inTurns(context, (system, place) =>
      runWorker<OpenWork, OpenRun[]>('open-load', { system, place, rates, seconds }),
    )
    const figures = rates.flatMap((rate, index) => {
      const both = (value: (run: OpenRun) => number) => {
        const [mine = [], theirs = []] = [ours, byHand].map((answers) => answers.flatMap((runs) => runs[index] ?? []).map(value))
        return [mine, { byHand: theirs }] as const
      }
      return [
        figure(`saga at ${rate} arrivals/s, p50`, 'ms', ...both(({ p50 }) => p50)),
        figure(`saga at ${rate} arrivals/s, p99`, 'ms', ...both(({ p99 }) => p99)),
        figure(`saga at ${rate} arrivals/s, p99.9`, 'ms', ...both(({ p999 }) => p999)),
      ]
    })
    return { figures, details: { comptoir: ours, handWritten: byHand }, notes: [] }
  },
}
