import type { Saga, Steps } from './definition.ts'
import type { Cause } from './outcome.ts'

/** One message for a step: the saga it belongs to, and all that earlier steps produced under their names. */
export interface Task<Before = unknown> {
  readonly saga: string
  readonly data: Before
}
/** One step to undo: what it was given, what it answered, and why the saga turns back. */
export interface UndoTask<Before = unknown, Result = unknown> extends Task<Before> {
  readonly result: Result
  readonly cause: Cause
}

/** The steps that a saga places at one service. */
export type StepsAt<S extends Steps, At extends string> = { [K in keyof S as S[K]['at'] extends At ? K : never]: S[K] }
/** The services a saga knows. */
export type PlacesOf<S extends Steps> = S[keyof S]['at']
/** The steps of a saga, as its type knows them. */
export type StepsOf<T> = T extends Saga<string, infer _Input, infer S> ? S : never
