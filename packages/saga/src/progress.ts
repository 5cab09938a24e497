import type { Saga, StepDefinition } from './definition.ts'
import type { StepRecord } from './protocol.ts'

export type StepStatus = 'waiting' | 'running' | 'done' | 'failed' | 'undoing' | 'undone'

/** Where a saga stands, as far as the given inbox rows know. */
export interface Progress {
  readonly state: string
  readonly steps: readonly { readonly step: StepDefinition; readonly status: StepStatus }[]
}

/** Reads a saga's state and the plan of its steps from the inbox rows of all its participants. */
export function progressOf(saga: Saga, records: ReadonlyMap<string, StepRecord>): Progress {
  const back = saga.steps.some((step) => {
    const record = records.get(step.name)
    return record !== undefined && (record.outcome !== 'done' || record.undone)
  })
  const owed = (step: StepDefinition) => {
    const record = records.get(step.name)
    return record?.outcome === 'done' && !record.undone
  }
  const current = back ? saga.steps.findLast(owed) : saga.steps.find((step) => !records.has(step.name))
  const status = (step: StepDefinition): StepStatus => {
    const record = records.get(step.name)
    if (!record) return !back && step === current ? 'running' : 'waiting'
    if (record.outcome !== 'done') return 'failed'
    if (record.undone) return 'undone'
    return back && step === current ? 'undoing' : 'done'
  }
  return {
    state: (back ? current?.undo?.state : current?.state) ?? saga.end.state,
    steps: saga.steps.map((step) => ({ step, status: status(step) })),
  }
}
