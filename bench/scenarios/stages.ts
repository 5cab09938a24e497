import { runWorker } from '../child.ts'
import { type Figure, figure } from '../figure.ts'
import { modes } from '../place.ts'
import type { Scenario } from '../scenario.ts'
import type { Stage } from '../stages.ts'
import { inTurns } from '../turns.ts'
import type { OpenRun, OpenWork } from '../workers/open-load.ts'

/** Orders per second: a moderate load, at which nothing piles up. */
const rate = 100

/** Where the time of a saga goes, from one point of its way to the next. */
export const stages: Scenario = {
  name: 'stages',
  modes,
  async run(context) {
    const seconds = context.scale.openSeconds
    const { ours, byHand } = await inTurns(context, (system, place) =>
      runWorker<OpenWork, OpenRun[]>('open-load', { system, place, rates: [rate], seconds }),
    )
    const values = (runs: readonly OpenRun[][], value: (run: OpenRun) => number) =>
      runs.map(([run]) => (run ? value(run) : Number.NaN))
    const both = (name: string, value: (run: OpenRun) => number): Figure =>
      figure(`${name} at ${rate}/s`, 'ms', values(ours, value), { byHand: values(byHand, value) })
    const names = ours[0]?.[0]?.stages.map(({ stage }) => stage) ?? []
    const at = (name: string, value: (stage: Stage) => number) => (run: OpenRun) => {
      const stage = run.stages.find((one) => one.stage === name)
      return stage ? value(stage) : Number.NaN
    }
    return {
      figures: [
        ...names.flatMap((name) => [
          both(
            `${name}, p50`,
            at(name, ({ p50 }) => p50),
          ),
          both(
            `${name}, p99`,
            at(name, ({ p99 }) => p99),
          ),
        ]),
        both('whole saga, p50', ({ p50 }) => p50),
        both('whole saga, p99', ({ p99 }) => p99),
      ],
      details: { comptoir: ours, handWritten: byHand },
      notes: [],
    }
  },
}
