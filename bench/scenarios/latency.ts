import { runWorker } from '../child.ts'
import { atMost, figure } from '../figure.ts'
import type { Scenario } from '../scenario.ts'
import { quantile } from '../statistics.ts'
import type { SagaAnswer, SagaWork } from '../workers/sagas.ts'

/** Milliseconds, at the median. */
const goal = { embedded: 5, postgres: 7 }

/** Whole sagas one at a time: from the call that places the order to the commit of SagaCompleted. */
export const latency: Scenario = {
  name: 'latency',
  modes: ['embedded', 'postgres'],
  async run({ scale, say, places }) {
    const ours: (readonly number[])[] = []
    const byHand: (readonly number[])[] = []
    for (let run = 1; run <= scale.runs; run += 1) {
      const work = { single: scale.single, sagas: 0, inFlight: [] }
      say(`run ${run} of ${scale.runs}: Comptoir`)
      ours.push(
        await places.fresh(async (place) => (await measure({ ...work, system: 'comptoir', place })).latencies, 'prepared'),
      )
      say(`run ${run} of ${scale.runs}: by hand`)
      byHand.push(await places.fresh(async (place) => (await measure({ ...work, system: 'hand-written', place })).latencies))
    }
    const at = (share: number, runs: readonly (readonly number[])[]) => runs.map((values) => quantile(values, share))
    return {
      figures: [
        figure('saga one at a time, p50', 'ms', at(0.5, ours), atMost(goal[places.mode], 'ms')),
        figure('saga one at a time, p99', 'ms', at(0.99, ours)),
        figure('saga one at a time by hand, p50', 'ms', at(0.5, byHand)),
      ],
      details: null,
      notes: [],
    }
  },
}

const measure = (work: SagaWork) => runWorker<SagaWork, SagaAnswer>('sagas', work)
