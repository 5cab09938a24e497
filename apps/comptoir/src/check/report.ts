import type { SurveyedSagas } from '@comptoir/runtime'
import type { EventRoute, StepKind } from '@comptoir/saga'
import type { Effects } from './tables.ts'

/** What a handler was seen to do: to tables, to other services, to other sagas. */
export interface Work extends Effects {
  /** Business events, with the service each goes to: `OrderClosed to payments`. */
  readonly sends: readonly string[]
  /** Names of the sagas that it began. */
  readonly begins: readonly string[]
}

export interface UndoReport {
  readonly name: string
  readonly state: string
  readonly work: Work | null
}

export interface StepReport {
  readonly name: string
  readonly kind: StepKind
  readonly at: string
  readonly state: string
  /** JSON Schema of what it is given. */
  readonly given: object
  /** JSON Schema of its result. */
  readonly result: object
  readonly reasons: readonly string[]
  /** Milliseconds after which its outcome is made definite; null: never. */
  readonly timeout: number | null
  /** null when no example runs it. */
  readonly work: Work | null
  readonly undo: UndoReport | null
}

export interface SagaReport {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly home: string
  readonly steps: readonly StepReport[]
  /** What home does when the saga has ended; null when nothing. */
  readonly ended: Work | null
  /** What home does when the saga needs a person; null when nothing. */
  readonly attention: Work | null
}

export interface EventReport extends EventRoute {
  readonly work: Work | null
}

/** What is open in a store, and what this code would make of it. */
export interface StoreReport {
  /** Where it is, without a password. */
  readonly place: string
  readonly open: readonly SurveyedSagas[]
}

/** What `comptoir check` found. */
export interface Report {
  readonly sagas: readonly SagaReport[]
  readonly events: readonly EventReport[]
  /** null when no store was looked at. */
  readonly store: StoreReport | null
  /** All that is wrong, each with its cure. */
  readonly problems: readonly string[]
}
