import type { Static, TSchema } from 'typebox'
import { checkDefinition } from './check.ts'
import type { Saga, Step, StepDefinition, StepKind, Steps, UndoDefinition } from './definition.ts'
import { type Duration, milliseconds } from './duration.ts'
import { SagaDefinitionError } from './errors.ts'
import { fingerprint } from './fingerprint.ts'
import type { DataOf, Message } from './message.ts'

interface Common<At extends string, D extends Message> {
  /** The service that runs the step. */
  readonly at: At
  /** The saga's state while it runs. */
  readonly state: string
  readonly done: D
  /** After this time the outcome is made definite, never guessed. */
  readonly timeout?: Duration
}
export interface PivotSpec<At extends string, D extends Message, F extends Message> extends Common<At, D> {
  readonly failed: F
}
export interface CompensatableSpec<At extends string, D extends Message, F extends Message> extends PivotSpec<At, D, F> {
  readonly undo: UndoDefinition
}
export interface RetriableSpec<At extends string, D extends Message> extends Common<At, D> {
  readonly failed?: 'a retriable step cannot fail: make it the pivot, or compensatable and before the pivot'
}

type Fresh<Id extends string, S> = Id extends keyof S ? `step ${Id} is declared twice: give one of them another name` : Id
type With<S, Id extends string, K extends StepKind, At extends string, Before, R, Why> = S &
  Record<Id, Step<K, At, Before, R, Why>>

/** Before the pivot: steps can still be undone. */
export interface Forward<Name extends string, Input, Known, S extends Steps> extends End<Name, Input, S> {
  /** A step that can fail and that is undone when a later one fails. */
  compensatable<const Id extends string, const At extends string, D extends Message, F extends Message>(
    id: Fresh<Id, S>,
    spec: CompensatableSpec<At, D, F>,
  ): Forward<Name, Input, Known & Record<Id, DataOf<D>>, With<S, Id, 'compensatable', At, Known, DataOf<D>, DataOf<F>>>
  /** The point of no return: it can fail, and once it is done the saga only goes forward. */
  pivot<const Id extends string, const At extends string, D extends Message, F extends Message>(
    id: Fresh<Id, S>,
    spec: PivotSpec<At, D, F>,
  ): Onward<Name, Input, Known & Record<Id, DataOf<D>>, With<S, Id, 'pivot', At, Known, DataOf<D>, DataOf<F>>>
  /** A step that cannot fail for a business reason; it ends the part that can be undone. */
  retriable<const Id extends string, const At extends string, D extends Message>(
    id: Fresh<Id, S>,
    spec: RetriableSpec<At, D>,
  ): Onward<Name, Input, Known & Record<Id, DataOf<D>>, With<S, Id, 'retriable', At, Known, DataOf<D>, never>>
}

/** Past the pivot: only steps that cannot fail for a business reason. */
export interface Onward<Name extends string, Input, Known, S extends Steps> extends End<Name, Input, S> {
  retriable: Forward<Name, Input, Known, S>['retriable']
  compensatable(
    cure: 'a step after the pivot is never undone: declare it before the pivot, or as retriable',
    ...rest: never[]
  ): never
  pivot(cure: 'a saga has one pivot: make this step compensatable and declare it before, or retriable', ...rest: never[]): never
}

interface End<Name extends string, Input, S extends Steps> {
  /** Closes the declaration: the final state, and the message that tells the world that the saga has ended. */
  end(state: string, message: Message): Saga<Name, Input, S>
}

type AnySpec = Common<string, Message> & { readonly failed?: Message; readonly undo?: UndoDefinition }
type Add = (id: string, spec: AnySpec) => Stage
/** What every stage is when it runs. */
interface Stage {
  readonly compensatable: Add
  readonly pivot: Add
  readonly retriable: Add
  end(state: string, message: Message): Saga
}

/**
 * Declares a saga as data: its steps in order, each with a kind, a place and the names of its outcomes.
 *
 * @throws SagaDefinitionError at `.end()` for what the types cannot refuse (see check.ts)
 */
export function defineSaga<const Name extends string, I extends TSchema>(
  name: Name,
  options: { readonly version: number; readonly home: string; readonly input: I },
  // biome-ignore lint/complexity/noBannedTypes: the empty record of steps, to which each call adds one
): Forward<Name, Static<I>, { input: Static<I> }, {}> {
  // A stage is never changed, so that two declarations may go on from the same one.
  const stage = (steps: readonly StepDefinition[]): Stage => {
    const add =
      (kind: StepKind): Add =>
      (id, spec) => {
        const { timeout, ...rest } = spec
        return stage([
          ...steps,
          { ...rest, name: id, kind, ...(timeout === undefined ? {} : { timeout: milliseconds(timeout) }) },
        ])
      }
    return {
      compensatable: add('compensatable'),
      pivot: add('pivot'),
      retriable: add('retriable'),
      end(state, message) {
        const saga = { name, ...options, steps, end: { state, message } }
        const problems = checkDefinition(saga)
        if (problems.length > 0) throw new SagaDefinitionError(name, problems)
        return Object.freeze({ ...saga, id: `${name}/${options.version}/${fingerprint(saga)}` })
      },
    }
  }
  // What may follow what exists in the types only.
  return stage([]) as never
}
