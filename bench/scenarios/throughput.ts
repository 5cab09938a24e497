import type { Batches } from '../batches.ts'
import { runWorker } from '../child.ts'
import { atLeast, type Figure, figure } from '../figure.ts'
import { modes } from '../place.ts'
import type { Scenario } from '../scenario.ts'
import { inTurns } from '../turns.ts'
import type { ClosedLoopRun, SagaAnswer, SagaWork } from '../workers/sagas.ts'

const inFlight = [200, 2_000]

/** Sagas per second with a number of them in flight, and what they cost. */
export const throughput: Scenario = {
  name: 'throughput',
  modes,
  async run(context) {
    const { ours, byHand } = await inTurns(context, (system, place) =>
      runWorker<SagaWork, SagaAnswer>('sagas', { system, place, single: 0, sagas: context.scale.sagas, inFlight }),
    )
    const figures = inFlight.flatMap((concurrency, index): Figure[] => {
      const both = (value: (run: ClosedLoopRun) => number) => {
        const [mine = [], theirs = []] = [ours, byHand].map((answers) =>
          answers.flatMap(({ closedLoops }) => closedLoops[index] ?? []).map(value),
        )
        return [mine, { byHand: theirs }] as const
      }
      const [mine, { byHand: theirs }] = both(({ sagasPerSecond }) => sagasPerSecond)
      const ratios = mine.map((value, run) => (100 * value) / (theirs[run] ?? Number.NaN))
      const servers = Object.keys(ours[0]?.closedLoops[index]?.serverCpuMsPerSaga ?? {})
      return [
        figure(`throughput, ${concurrency} in flight`, 'sagas/s', mine, { byHand: theirs }),
        figure(`of the hand-written loop, ${concurrency} in flight`, '%', ratios, { goal: atLeast(60, '%') }),
        figure(`CPU of our process, ${concurrency} in flight`, 'ms/saga', ...both(({ cpuMsPerSaga }) => cpuMsPerSaga)),
        ...servers.map((server) =>
          figure(
            `CPU of ${server}, ${concurrency} in flight`,
            'ms/saga',
            ...both(({ serverCpuMsPerSaga }) => serverCpuMsPerSaga[server] ?? Number.NaN),
          ),
        ),
      ]
    })
    const peaks = (answers: readonly SagaAnswer[]) => answers.map(({ peakMegabytes }) => peakMegabytes)
    figures.push(figure('memory of our process, at most', 'MB', peaks(ours), { byHand: peaks(byHand) }))
    const notes = ours.at(-1)?.closedLoops.map(({ inFlight: n, batches }) => `${n} in flight: ${batches.map(inWords).join('; ')}`)
    return { figures, details: { comptoir: ours, handWritten: byHand }, notes: notes ?? [] }
  },
}

/** Where the time of a run went. */
function inWords({ who, transactions, messagesPerTransaction, msPerTransaction }: Batches): string {
  const duration = msPerTransaction === null ? '' : `, ${msPerTransaction.toFixed(1)} ms each`
  return `${who} ${transactions} transactions of ${messagesPerTransaction.toFixed(0)}${duration}`
}
