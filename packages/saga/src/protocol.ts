import { requested, type Saga, type StepDefinition, stepOf } from './definition.ts'

/**
 * The protocol at one step (blocks of one step; parallel blocks will widen `neighbours`). Every message may come any
 * number of times, in any order, at any time; what a participant knows is its own inbox row of that step.
 * The exhaustive model in protocol.model.unit.spec.ts runs these very functions.
 */

/** do: run the step. settle: make its outcome definite. undo: a later step did not succeed. */
export type Phase = 'do' | 'settle' | 'undo'

/** A step's inbox row: done, failed for a declared reason, or refused (never run: an undo or a settle was there first, or its attempts were exhausted). */
export interface StepRecord {
  readonly outcome: 'done' | 'failed' | 'refused'
  readonly undone: boolean
}

/** run the handler; refuse: write `refused`, as failed; undo: run the undo; forward: settle the next step; nothing. */
export type Decision = 'run' | 'refuse' | 'undo' | 'forward' | 'nothing'

/** What a message of that phase does to a step of that kind whose inbox row is `record` (undefined: none yet). */
export function decide(kind: StepDefinition['kind'], phase: Phase, record: StepRecord | undefined): Decision {
  switch (phase) {
    case 'do':
      return record ? 'nothing' : 'run'
    case 'settle':
      if (!record) return kind === 'retriable' ? 'nothing' : 'refuse'
      return record.outcome === 'done' && kind === 'compensatable' ? 'forward' : 'nothing'
    case 'undo':
      if (!record) return 'refuse'
      return record.outcome === 'done' && !record.undone ? 'undo' : 'nothing'
    default:
      return phase satisfies never
  }
}

/** What has just become true of a step. A refusal is sent as `failed`. */
export type Change = 'done' | 'failed' | 'undone' | 'forward'

/** Where a message goes: to a step at a service, or, as the end of the saga, home. */
export type Target =
  | { readonly kind: 'step'; readonly at: string; readonly step: string; readonly phase: Phase }
  | { readonly kind: 'end'; readonly at: string; readonly outcome: 'completed' | 'cancelled' }

/** A message to send: its type, and where it goes. */
export interface Sending {
  readonly type: string
  readonly target: Target
}

const settleOf = (step: StepDefinition) => `settle:${step.name}`

/**
 * The one message that a choreographed participant sends when a step changes; none when a settle meets the last step.
 *
 * @throws RangeError when the step is not one of the saga's, or cannot change so
 */
export function sendingAfter(saga: Saga, step: StepDefinition, change: Change): Sending | undefined {
  const at = saga.steps.indexOf(step)
  if (at < 0)
    throw new RangeError(`step ${step.name} does not belong to this declaration of saga ${saga.name}: take it from its steps`)
  const next = saga.steps[at + 1]
  const previous = saga.steps[at - 1]
  const back: Target = previous
    ? { kind: 'step', at: previous.at, step: previous.name, phase: 'undo' }
    : { kind: 'end', at: saga.home, outcome: 'cancelled' }
  switch (change) {
    case 'done':
      return {
        type: step.done.name,
        target: next
          ? { kind: 'step', at: next.at, step: next.name, phase: 'do' }
          : { kind: 'end', at: saga.home, outcome: 'completed' },
      }
    case 'failed':
      if (!step.failed) throw new RangeError(`step ${step.name} is retriable and cannot fail`)
      return { type: step.failed.name, target: back }
    case 'undone':
      if (!step.undo) throw new RangeError(`step ${step.name} is ${step.kind} and cannot be undone`)
      return { type: step.undo.done.name, target: back }
    case 'forward':
      return next && { type: settleOf(next), target: { kind: 'step', at: next.at, step: next.name, phase: 'settle' } }
    default:
      return change satisfies never
  }
}

/** The message that asks the first step to begin. */
export function firstSending(saga: Saga): Sending {
  const first = saga.steps[0]
  if (!first) throw new RangeError(`saga ${saga.name} has no steps`)
  return { type: requested(saga), target: { kind: 'step', at: first.at, step: first.name, phase: 'do' } }
}

/** The message that makes the outcome of a saga definite, wherever it stands: it goes from step to step as far as they have run. */
export function settleSending(saga: Saga): Sending {
  const { type, target } = firstSending(saga)
  if (target.kind !== 'step') throw new RangeError(`saga ${saga.name} begins with ${type}, which is no step`)
  const first = stepOf(saga, target.step)
  return { type: settleOf(first), target: { ...target, phase: 'settle' } }
}

/** Milliseconds after which the outcome of a choreographed saga is made definite: all its steps' time-outs; null: never. */
export function deadlineOf(saga: Saga): number | null {
  const timeouts = saga.steps.flatMap(({ timeout }) => timeout ?? [])
  return timeouts.length > 0 ? timeouts.reduce((sum, ms) => sum + ms, 0) : null
}

/** The routes of the choreography: which message goes where. A message is only sent where this table has a handler for it. */
export function routesOf(saga: Saga): ReadonlyMap<string, Target> {
  const routes = new Map<string, Target>()
  const add = (sending: Sending | undefined) => sending && routes.set(sending.type, sending.target)
  add(firstSending(saga))
  for (const step of saga.steps) {
    add(sendingAfter(saga, step, 'done'))
    if (step.failed) add(sendingAfter(saga, step, 'failed'))
    if (step.undo) add(sendingAfter(saga, step, 'undone'))
    routes.set(settleOf(step), { kind: 'step', at: step.at, step: step.name, phase: 'settle' })
  }
  return routes
}

/** Which service sends each message of the choreography. */
export function sendersOf(saga: Saga): ReadonlyMap<string, string> {
  const senders = new Map([[firstSending(saga).type, saga.home]])
  for (const [at, step] of saga.steps.entries()) {
    for (const message of [step.done, step.failed, step.undo?.done]) if (message) senders.set(message.name, step.at)
    senders.set(settleOf(step), saga.steps[at - 1]?.at ?? saga.home)
  }
  return senders
}

/** The deterministic id of a saga's message, the same however often it is sent, re-published or restored. */
export const messageId = (sagaId: string, target: Target): string =>
  target.kind === 'step' ? `${sagaId}:${target.step}:${target.phase}` : `${sagaId}:end:${target.outcome}`
