import { runWorker } from '../child.ts'
import { atLeast, type Figure, figure } from '../figure.ts'
import type { Scenario } from '../scenario.ts'
import type { ClosedLoopRun, SagaAnswer, SagaWork } from '../workers/sagas.ts'

const inFlight = [200, 2_000]

/** Sagas per second with a number of them in flight, Comptoir and the hand-written loop in turns. */
export const throughput: Scenario = {
  name: 'throughput',
  modes: ['embedded', 'postgres'],
  async run({ scale, say, places }) {
    const ours: ClosedLoopRun[][] = []
    const byHand: ClosedLoopRun[][] = []
    for (let run = 1; run <= scale.runs; run += 1) {
      const work = { single: 0, sagas: scale.sagas, inFlight }
      say(`run ${run} of ${scale.runs}: Comptoir`)
      ours.push(await places.fresh((place) => measure({ ...work, system: 'comptoir', place }), 'prepared'))
      say(`run ${run} of ${scale.runs}: by hand`)
      byHand.push(await places.fresh((place) => measure({ ...work, system: 'hand-written', place })))
    }
    const figures = inFlight.flatMap((concurrency, index): Figure[] => {
      const values = (runs: ClosedLoopRun[][], value: (run: ClosedLoopRun) => number) =>
        runs.flatMap((run) => run[index] ?? []).map(value)
      const [mine, theirs] = [values(ours, sagasPerSecond), values(byHand, sagasPerSecond)]
      // Neighbours in time share what else the machine was doing.
      const ratios = mine.map((value, run) => (100 * value) / (theirs[run] ?? Number.NaN))
      return [
        figure(`throughput, ${concurrency} in flight`, 'sagas/s', mine),
        figure(`throughput by hand, ${concurrency} in flight`, 'sagas/s', theirs),
        figure(`of the hand-written loop, ${concurrency} in flight`, '%', ratios, atLeast(60, '%')),
        figure(`CPU, ${concurrency} in flight`, 'ms/saga', values(ours, cpuMsPerSaga)),
        figure(`CPU by hand, ${concurrency} in flight`, 'ms/saga', values(byHand, cpuMsPerSaga)),
      ]
    })
    return { figures, details: { comptoir: ours, handWritten: byHand }, notes: ours.at(-1)?.map(stagesOf) ?? [] }
  },
}

const sagasPerSecond = (run: ClosedLoopRun) => run.sagasPerSecond
const cpuMsPerSaga = (run: ClosedLoopRun) => run.cpuMsPerSaga

async function measure(work: SagaWork): Promise<ClosedLoopRun[]> {
  return [...(await runWorker<SagaWork, SagaAnswer>('sagas', work)).closedLoops]
}

/** Where the time of a run went, in one line. */
function stagesOf({ inFlight: concurrency, stages }: ClosedLoopRun): string {
  const parts = stages.map(({ stage, transactions, messagesPerTransaction, msPerTransaction }) => {
    const duration = msPerTransaction === null ? '' : `, ${msPerTransaction.toFixed(1)} ms each`
    return `${stage} ${transactions} transactions of ${messagesPerTransaction.toFixed(0)}${duration}`
  })
  return `${concurrency} in flight: ${parts.join('; ')}`
}
