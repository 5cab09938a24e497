import { runWorker } from '../child.ts'
import { atMost, figure } from '../figure.ts'
import type { Place } from '../place.ts'
import type { Scenario } from '../scenario.ts'
import type { HistoryAnswer, HistoryWork } from '../workers/history.ts'
import type { ClosedLoopRun, SagaAnswer, SagaWork } from '../workers/sagas.ts'

const inFlight = 200

/** What a saga costs in a store with many past orders, against an empty one, in turns. */
export const history: Scenario = {
  name: 'history',
  modes: ['embedded', 'postgres'],
  async run({ scale, say, places }) {
    const past = scale.pastOrders.toLocaleString('en')
    const empty: ClosedLoopRun[] = []
    const full: ClosedLoopRun[] = []
    const notes: string[] = []
    await places.fresh(async (old) => {
      say(`writing ${past} past orders`)
      const began = performance.now()
      const { megabytes } = await runWorker<HistoryWork, HistoryAnswer>('history', { place: old, orders: scale.pastOrders })
      const minutes = (performance.now() - began) / 60_000
      notes.push(`${past} past orders took ${minutes.toFixed(1)} minutes to write, and ${(megabytes / 1_000).toFixed(1)} GB`)
      for (let run = 1; run <= scale.runs; run += 1) {
        say(`run ${run} of ${scale.runs}: empty`)
        empty.push(await places.fresh((fresh) => measure(fresh, scale.sagas), 'prepared'))
        // The runs add to the history; making it anew for each would take longer than all of them.
        say(`run ${run} of ${scale.runs}: ${past} past orders`)
        full.push(await measure(old, scale.sagas))
      }
    }, 'prepared')
    const ratios = (cost: (run: ClosedLoopRun) => number) =>
      full.map((run, index) => (100 * cost(run)) / cost(empty[index] ?? run))
    const goal = atMost(110, '%')
    const servers = Object.keys(full[0]?.serverCpuMsPerSaga ?? {})
    return {
      figures: [
        figure(
          `time per saga with ${past} past orders, of empty`,
          '%',
          ratios((run) => 1 / run.sagasPerSecond),
          { goal },
        ),
        figure(
          `CPU per saga with ${past} past orders, of empty`,
          '%',
          ratios((run) => run.cpuMsPerSaga),
          { goal },
        ),
        ...servers.map((server) =>
          figure(
            `CPU of ${server} per saga with ${past} past orders, of empty`,
            '%',
            ratios((run) => run.serverCpuMsPerSaga[server] ?? Number.NaN),
            { goal },
          ),
        ),
      ],
      details: { empty, full },
      notes,
    }
  },
}

async function measure(place: Place, sagas: number): Promise<ClosedLoopRun> {
  const work: SagaWork = { system: 'comptoir', place, single: 0, sagas, inFlight: [inFlight] }
  const [run] = (await runWorker<SagaWork, SagaAnswer>('sagas', work)).closedLoops
  if (!run) throw new Error('nothing was measured')
  return run
}
