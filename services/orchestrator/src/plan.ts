import { driverMailbox } from '@comptoir/runtime'
import {
  deadlineOf,
  parseCommandType,
  progressOf,
  routesOf,
  type Saga,
  type StepDefinition,
  type StepStatus,
} from '@comptoir/saga'
import type { AwaitedRow, HeldRow, SagaRow } from './saga-rows.ts'
import type { SagaState } from './saga-states.ts'

/**
 * What a step does now. Beyond what its inbox row says, of the step whose turn it is: paused (it is not begun), retrying (it
 * has failed and is tried again), dead (it was tried as often as it may be: a person is needed), overdue (it has not answered
 * in time).
 */
export type PlannedStatus = StepStatus | 'paused' | 'retrying' | 'dead' | 'overdue'

/** A step of a saga's plan. Times are milliseconds since 1970. */
export interface PlannedStep {
  readonly step: StepDefinition
  readonly status: PlannedStatus
  /** How often it was tried: 0 when it has not begun. */
  readonly attempts: number
  /** Why it failed the last time, when it is tried again or a person is needed. */
  readonly error: string | null
  /** Of the step whose turn it is: since when. */
  readonly waitingSince: number | null
  /** Of that step: when it is tried again, or else when its outcome is made definite. */
  readonly due: number | null
}

/** A step that declares no time-out is unusually late after so long. In milliseconds. */
export const usualMs = 60_000

/** A saga's state by name, and what becomes of each of its steps. */
export function planOf(
  saga: Saga,
  state: SagaState,
  now: number,
): { readonly state: string; readonly steps: readonly PlannedStep[] } {
  const { journal, held, row } = state
  const undone = new Set(journal.flatMap(({ phase, step }) => (phase === 'undo' ? [step] : [])))
  const done = journal.filter(({ phase }) => phase === 'do')
  const progress = progressOf(saga, new Map(done.map(({ step, outcome }) => [step, { outcome, undone: undone.has(step) }])))
  const steps = asTheDriverKnows(progress.steps, state.awaited).map(({ step, status }) => {
    const waiting = held.filter((message) => stepOfHeld(saga, message) === step.name)
    const tried = Math.max(0, ...waiting.map(({ attempts }) => attempts))
    const ran = status === 'waiting' || status === 'running' ? 0 : 1
    const planned = { step, status, attempts: Math.max(ran, tried), error: null, waitingSince: null, due: null }
    const isNext = row.outcome === null && (status === 'running' || status === 'undoing')
    return isNext ? ofNext(saga, state, planned, waiting, now) : planned
  })
  return { state: progress.state, steps }
}

type Steps = readonly { readonly step: StepDefinition; readonly status: StepStatus }[]

/** Who drives a saga knows whose turn it is, also where the participants' rows cannot be seen from here. */
function asTheDriverKnows(steps: Steps, awaited: AwaitedRow | undefined): Steps {
  const at = steps.findIndex(({ step }) => step.name === awaited?.step)
  if (at < 0) return steps
  return steps.map(({ step, status }, index) => {
    if (index === at) return { step, status: awaited?.phase === 'undo' ? 'undoing' : 'running' }
    if (status !== 'running' && status !== 'undoing') return { step, status }
    return { step, status: index < at ? 'done' : 'waiting' }
  })
}

/** The step whose turn it is. */
function ofNext(
  saga: Saga,
  { row, journal, awaited }: SagaState,
  planned: PlannedStep,
  waiting: readonly HeldRow[],
  now: number,
): PlannedStep {
  const { step, status } = planned
  const asked = awaited?.step === step.name ? awaited : undefined
  const dead = waiting.find(({ state, settled }) => state === 'dead' && !settled)
  const failing =
    waiting.find(({ state }) => state === 'retry') ?? waiting.find(({ attempts, settled }) => attempts > 0 && !settled)
  const waitingSince = asked?.asked ?? journal.at(-1)?.at ?? row.began
  const attempts = Math.max(planned.attempts, asked?.attempts ?? 0)
  const error = dead?.error ?? failing?.error ?? (asked && asked.attempts > 0 ? asked.error : null)
  const next = { ...planned, attempts, error, waitingSince }
  if (dead || asked?.attention) return { ...next, status: 'dead' }
  if (row.paused_since !== null && status === 'running') return { ...next, status: 'paused' }
  const due = outcomeDue(saga, row, step, status, asked)
  if (failing || attempts > planned.attempts) return { ...next, status: 'retrying', due: failing?.due ?? due }
  const late = due ?? waitingSince + usualMs
  const settling = asked?.phase === 'settle' && due === null
  return { ...next, status: settling || late <= now ? 'overdue' : status, due }
}

/** When a step's outcome is made definite that has not come by then; null: it is waited for. */
function outcomeDue(
  saga: Saga,
  row: SagaRow,
  step: StepDefinition,
  status: PlannedStatus,
  asked: AwaitedRow | undefined,
): number | null {
  if (status !== 'running' || step.kind === 'retriable') return null
  if (asked) return step.timeout === undefined ? null : asked.asked + step.timeout
  const ms = deadlineOf(saga)
  return row.style === 'choreographed' && ms !== null ? row.began + ms : null
}

/** The step that a held message is for. */
function stepOfHeld(saga: Saga, { type, service }: HeldRow): string | undefined {
  if (service === driverMailbox) return undefined
  const target = routesOf(saga).get(type)
  return parseCommandType(saga, type)?.step ?? (target?.kind === 'step' ? target.step : undefined)
}
