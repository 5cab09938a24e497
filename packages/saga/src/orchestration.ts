import type { Answer, Command } from './command.ts'
import { type Saga, type StepDefinition, stepOf } from './definition.ts'
import type { Cause } from './outcome.ts'

/**
 * The driver's side of the orchestrated style, the same over HTTP and over messages: one command is awaited at a time.
 * Whoever drives stores the next state first and sends its command then, so that a command may be sent late or again but
 * never without being known. It never guesses: a step is undone only when it is known to be done, and a step whose
 * outcome is unknown is settled, not tried again. The exhaustive model in orchestration.model.unit.spec.ts runs these
 * very functions.
 */

/** Where a driven saga stands. While it is running or compensating, `command` is the one whose answer is awaited. */
export type Driving =
  /** `wish`: somebody wants it cancelled, and the awaited step, once definite, decides whether it still can be. */
  | { readonly kind: 'running'; readonly command: Command; readonly wish?: Cause }
  | { readonly kind: 'compensating'; readonly command: Command; readonly cause: Cause }
  | { readonly kind: 'completed' }
  | { readonly kind: 'cancelled'; readonly cause: Cause }

/**
 * What becomes of the wish to cancel. accepted: it is taken up. joined: an earlier wish, a saga that turns back anyway, or
 * one that is cancelled. late: nothing can stop the saga any more.
 */
export type CancelWish =
  | { readonly kind: 'accepted'; readonly driving: Driving }
  | { readonly kind: 'joined' }
  | { readonly kind: 'late' }

/** The driving of a saga that has just begun: its first step is to be done. @throws RangeError when it has no steps */
export function beginDriving(saga: Saga): Driving {
  const [first] = saga.steps
  if (!first) throw new RangeError(`saga ${saga.name} has no steps`)
  return doing(first)
}

/**
 * The driving after an answer; undefined when the answer changes nothing: it is repeated, late, or of a step not asked.
 * A step's do and settle have one outcome: the answer to either is taken, whichever is awaited.
 *
 * @throws RangeError when a retriable step answers that it did not succeed
 */
export function afterAnswer(saga: Saga, driving: Driving, answer: Answer): Driving | undefined {
  switch (driving.kind) {
    case 'running':
      if (answer.step !== driving.command.step || answer.phase === 'undo') return undefined
      return afterOutcome(saga, stepOf(saga, answer.step), driving.wish, answer)
    case 'compensating':
      if (answer.step !== driving.command.step || answer.phase !== 'undo') return undefined
      return backFrom(saga, stepOf(saga, answer.step), driving.cause)
    case 'completed':
    case 'cancelled':
      return undefined
    default:
      return driving satisfies never
  }
}

function afterOutcome(
  saga: Saga,
  step: StepDefinition,
  wish: Cause | undefined,
  answer: Exclude<Answer, { outcome: 'undone' }>,
): Driving {
  if (answer.outcome === 'done') {
    if (wish && step.kind === 'compensatable') return undoing(step, wish)
    // A pivot that is done has won against the wish.
    const next = saga.steps[saga.steps.indexOf(step) + 1]
    return next ? doing(next) : { kind: 'completed' }
  }
  if (step.kind === 'retriable') throw new RangeError(`step ${step.name} is retriable and cannot fail`)
  // A refusal is the wish's own doing; a failure had its declared reason before.
  return backFrom(saga, step, answer.outcome === 'refused' && wish ? wish : answer.cause)
}

/**
 * The driving when no answer has come in time; its command is sent (again). Undefined at the end, where nothing is
 * awaited.
 */
export function afterTimeout(saga: Saga, driving: Driving): Driving | undefined {
  switch (driving.kind) {
    case 'running':
      return isRetriable(saga, driving.command) ? driving : { ...driving, command: { ...driving.command, phase: 'settle' } }
    case 'compensating':
      return driving
    case 'completed':
    case 'cancelled':
      return undefined
    default:
      return driving satisfies never
  }
}

/**
 * The wish to cancel a saga, accepted until its pivot is known to be done (without a pivot: until a retriable step is
 * commanded, or the end). The awaited step is settled at once: when it turns out done and can be undone, the saga turns
 * back instead of going on. A pivot that turns out done has won: the saga goes on, so accepted is not yet cancelled.
 *
 * @param cause what the saga's end says when the wish wins
 */
export function afterCancelWish(saga: Saga, driving: Driving, cause: Cause): CancelWish {
  switch (driving.kind) {
    case 'running': {
      if (isRetriable(saga, driving.command)) return { kind: 'late' }
      if (driving.wish) return { kind: 'joined' }
      const command: Command = { ...driving.command, phase: 'settle' }
      return { kind: 'accepted', driving: { kind: 'running', command, wish: cause } }
    }
    case 'compensating':
    case 'cancelled':
      return { kind: 'joined' }
    case 'completed':
      return { kind: 'late' }
    default:
      return driving satisfies never
  }
}

const doing = (step: StepDefinition): Driving => ({ kind: 'running', command: { step: step.name, phase: 'do' } })

const undoing = (step: StepDefinition, cause: Cause): Driving => ({
  kind: 'compensating',
  command: { step: step.name, phase: 'undo' },
  cause,
})

/** From a step that has no effect (any more) to the one before it, or to the end. */
function backFrom(saga: Saga, step: StepDefinition, cause: Cause): Driving {
  const previous = saga.steps[saga.steps.indexOf(step) - 1]
  return previous ? undoing(previous, cause) : { kind: 'cancelled', cause }
}

const isRetriable = (saga: Saga, { step }: Command): boolean => stepOf(saga, step).kind === 'retriable'
