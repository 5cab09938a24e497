import { runWorker } from '../child.ts'
import { atMost, figure } from '../figure.ts'
import { modes } from '../place.ts'
import type { Scenario } from '../scenario.ts'
import { quantile } from '../statistics.ts'
import { inTurns } from '../turns.ts'
import type { SagaAnswer, SagaWork } from '../workers/sagas.ts'

/** Milliseconds, at the median. */
const goal = { embedded: 5, postgres: 7, kafka: 12 }

/** Whole sagas one at a time: from the call that places the order to the commit of SagaCompleted. */
export const latency: Scenario = {
  name: 'latency',
  modes,
  async run(context) {
    const { scale, places } = context
    const { ours, byHand } = await inTurns(context, (system, place) =>
      runWorker<SagaWork, SagaAnswer>('sagas', { system, place, single: scale.single, sagas: 0, inFlight: [] }),
    )
    const at = (share: number, runs: readonly SagaAnswer[]) => runs.map(({ latencies }) => quantile(latencies, share))
    const both = (share: number) => [at(share, ours), { byHand: at(share, byHand) }] as const
    const [median, beside] = both(0.5)
    return {
      figures: [
        figure('saga one at a time, p50', 'ms', median, { ...beside, goal: atMost(goal[places.mode], 'ms') }),
        figure('saga one at a time, p99', 'ms', ...both(0.99)),
        figure('saga one at a time, p99.9', 'ms', ...both(0.999)),
      ],
      details: null,
      notes: [],
    }
  },
}
