import type { Cause, Outcome, PlacesOf, Saga, Step, Steps, StepsAt, Task, UndoTask } from '@comptoir/saga'
import type { Unit } from './unit.ts'

/**
 * The rows that a set of tasks (or undos) will lock, as data: name of a lockable, and keys. The runtime locks the union
 * of all steps of the batch in sorted order before any handler runs, so that no two instances deadlock.
 */
export type Locks<Before> = (tasks: readonly Task<Before>[]) => Readonly<Record<string, readonly (number | string)[]>>

// By their parts, not by the step: so a handler also fits a step that knows more before it.
type DoSet<Before, Result, Reason> = (unit: Unit, tasks: readonly Task<Before>[]) => Promise<readonly Outcome<Result, Reason>[]>
type UndoSet<Before, Result> = (unit: Unit, tasks: readonly UndoTask<Before, Result>[]) => Promise<void>
interface DoHandler<Before, Result, Reason> {
  readonly locks?: Locks<Before>
  readonly do: DoSet<Before, Result, Reason>
}

/**
 * The handlers of one step. `do` receives all fresh messages of its step at once, in one transaction, and answers one
 * outcome each in the same order. `undo` cannot fail: it is retried until it has succeeded. Both have database effects only.
 */
export type Handler<St extends Step> = St['kind'] extends 'compensatable'
  ? DoHandler<St['before'], St['result'], St['reason']> & { readonly undo: UndoSet<St['before'], St['result']> }
  : DoHandler<St['before'], St['result'], St['reason']>

/** A handler as the runtime calls it. */
export interface AnyHandler {
  readonly locks?: Locks<unknown>
  readonly do: (unit: Unit, tasks: readonly Task[]) => Promise<readonly Outcome<unknown, unknown>[]>
  readonly undo?: (unit: Unit, tasks: readonly UndoTask[]) => Promise<void>
}

/** The steps of one saga at one service, with their handlers. */
export interface Participant {
  readonly saga: Saga
  readonly at: string
  readonly handlers: ReadonlyMap<string, AnyHandler>
}

/** Handlers for every step that the saga places at this service: none missing, none too many. */
export function participant<Name extends string, I, S extends Steps, const At extends PlacesOf<S>>(
  saga: Saga<Name, I, S>,
  at: At,
  handlers: { readonly [K in keyof StepsAt<S, At>]: Handler<StepsAt<S, At>[K] & Step> },
): Participant {
  return { saga, at, handlers: new Map(Object.entries(handlers as Record<string, AnyHandler>)) }
}

/** For those who need no speed: one message at a time, still in the batch's transaction. */
export function each<B, R, F>(
  one: (unit: Unit, task: Task<B>) => Promise<Outcome<R, F>>,
): (unit: Unit, tasks: readonly Task<B>[]) => Promise<readonly Outcome<R, F>[]> {
  return async (unit, tasks) => {
    const outcomes: Outcome<R, F>[] = []
    for (const task of tasks) outcomes.push(await one(unit, task))
    return outcomes
  }
}

/** How a saga ended, told to its home in the transaction that ends it. */
export interface Ending {
  readonly saga: string
  /** The business key it was begun with. */
  readonly subject?: string | null
  readonly outcome: 'completed' | 'cancelled'
  readonly cause: Cause | undefined
}

/** What the home of a saga does, in the same transaction, when sagas end, or when a person is needed (or no longer). */
export interface Home {
  readonly saga: Saga
  /**
   * After all handlers of the transaction. Rows that a handler writes for messages of other keys are no rows for this: two
   * instances, each with the handler's message of one row and the end of the other's saga, would deadlock.
   */
  readonly ended?: (unit: Unit, endings: readonly Ending[]) => Promise<void>
  readonly attention?: (
    unit: Unit,
    sagas: readonly { readonly saga: string; readonly subject: string | null; readonly needed: boolean }[],
  ) => Promise<void>
}

/** A saga that a service drives. */
export interface Driven {
  readonly saga: Saga
  /** The business key that people know it by, from what is known so far; undefined while there is none. */
  readonly subject?: (known: Known) => string | undefined
}

/** The input, and the results of the steps that are done, by their names. */
export type Known = Readonly<Record<string, unknown>>

/** The handler of a business event, set-based; the inbox lets each event through once. */
export interface EventHandler<Data = unknown> {
  readonly type: string
  /** The services that may send it; from another it is refused. */
  readonly from: readonly string[]
  readonly locks?: (events: readonly ReceivedEvent<Data>[]) => Readonly<Record<string, readonly (number | string)[]>>
  readonly handle: (unit: Unit, events: readonly ReceivedEvent<Data>[]) => Promise<void>
}
export interface ReceivedEvent<Data = unknown> {
  readonly id: string
  readonly key: string
  readonly data: Data
}

/** Rows that handlers may declare as locks: the table, its key column, and the columns handed to them. */
export interface Lockable {
  readonly table: string
  readonly key: string
  readonly type: 'int' | 'bigint' | 'uuid' | 'text'
  readonly columns: readonly string[]
}
