import type { TSchema } from 'typebox'
import type { Message } from './message.ts'

/**
 * compensatable: can fail, and is undone when a later step fails. pivot: can fail; once it is done the saga only goes
 * forward. retriable: comes after the pivot and cannot fail for a business reason.
 */
export type StepKind = 'compensatable' | 'pivot' | 'retriable'

export interface UndoDefinition {
  readonly name: string
  readonly state: string
  readonly done: Message
}

/** A step as data. `failed` is absent on retriable steps; `undo` is present on compensatable steps only. */
export interface StepDefinition {
  readonly name: string
  readonly kind: StepKind
  /** The participant: the service that runs the step. */
  readonly at: string
  /** The saga's state while the step runs. */
  readonly state: string
  readonly done: Message
  readonly failed?: Message
  readonly undo?: UndoDefinition
  /** Milliseconds after which the step's outcome is made definite. */
  readonly timeout?: number
}

/** What the types of a step say to handlers: what is known before it, its result and its reasons to fail. */
export interface Step<
  Kind extends StepKind = StepKind,
  At extends string = string,
  Before = unknown,
  Result = unknown,
  Reason = unknown,
> {
  readonly kind: Kind
  readonly at: At
  readonly before: Before
  readonly result: Result
  readonly reason: Reason
}
export type Steps = Record<string, Step>

declare const types: unique symbol

/** A declared saga. Everything else (transitions, routes, pictures, checks) is derived from this value. */
export interface Saga<Name extends string = string, Input = unknown, S extends Steps = Steps> {
  readonly name: Name
  readonly version: number
  /** The service that begins the saga, keeps its row and receives its end. */
  readonly home: string
  readonly input: TSchema
  readonly steps: readonly StepDefinition[]
  readonly end: { readonly state: string; readonly message: Message }
  /** `name/version/fingerprint`: messages carry it, so that code which knows another declaration holds them. */
  readonly id: string
  readonly [types]?: { readonly input: Input; readonly steps: S }
}

/** The message that asks for the first step when the saga does not begin inside it: `CancelOrderRequested`. */
export const requested = (saga: Pick<Saga, 'name'>): string => `${saga.name}Requested`

/** The step of that name. @throws RangeError when the saga has none */
export function stepOf(saga: Saga, name: string): StepDefinition {
  const step = saga.steps.find((candidate) => candidate.name === name)
  if (!step)
    throw new RangeError(`saga ${saga.name} has no step ${name}: its steps are ${saga.steps.map((s) => s.name).join(', ')}`)
  return step
}
