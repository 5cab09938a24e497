/** What a handler answers for one task. A business failure is an outcome, not an exception; an exception means "try again". */
export interface Done<Result> {
  readonly kind: 'done'
  readonly result: Result
}
export interface Failed<Reason> {
  readonly kind: 'failed'
  readonly reason: Reason
  /** Where or why, for people and for the edge's problem document; kept with the outcome. */
  readonly detail?: string
}
/** A step whose reasons are `never` (a retriable one) can only be done. */
export type Outcome<Result, Reason> = Done<Result> | ([Reason] extends [never] ? never : Failed<Reason>)

/** The step has had its effect; the result is visible to later steps under the step's name. */
export const done = <const R>(result: R): Done<R> => ({ kind: 'done', result })
/** The step has had no effect, for a declared reason. */
export const failed = <const R>(reason: R, detail?: string): Failed<R> =>
  detail === undefined ? { kind: 'failed', reason } : { kind: 'failed', reason, detail }

/** Why a saga turns back: the step that did not succeed and its reason (`error` when its attempts were exhausted). */
export interface Cause {
  readonly step: string
  readonly reason: string
}
