import type { Saga } from './definition.ts'
import { sendingAfter, type Target } from './protocol.ts'

/** One arrow of the state machine: in state `from`, `message` leads to state `to`. */
export interface Transition {
  readonly from: string
  readonly message: string
  readonly to: string
}

/** The state machine of a saga, derived from its routes: who receives a message decides the next state. */
export function transitionsOf(saga: Saga): readonly Transition[] {
  return saga.steps.flatMap((step) => [
    ...arrow(saga, step.state, sendingAfter(saga, step, 'done')),
    ...(step.failed ? arrow(saga, step.state, sendingAfter(saga, step, 'failed')) : []),
    ...(step.undo ? arrow(saga, step.undo.state, sendingAfter(saga, step, 'undone')) : []),
  ])
}

const arrow = (saga: Saga, from: string, sending: ReturnType<typeof sendingAfter>): Transition[] =>
  sending ? [{ from, message: sending.type, to: stateOf(saga, sending.target) }] : []

/** The state in which a saga is once a message to that target has been sent. */
export function stateOf(saga: Saga, target: Target): string {
  switch (target.kind) {
    case 'end':
      return saga.end.state
    case 'step': {
      const step = saga.steps.find((candidate) => candidate.name === target.step)
      const state = target.phase === 'undo' ? step?.undo?.state : step?.state
      if (state === undefined) throw new RangeError(`saga ${saga.name} has no state for ${target.phase} of ${target.step}`)
      return state
    }
    default:
      return target satisfies never
  }
}

/** The next state, or undefined when the message does not belong to the state. */
export function transition(saga: Saga, from: string, message: string): string | undefined {
  return transitionsOf(saga).find((candidate) => candidate.from === from && candidate.message === message)?.to
}
