import type { Saga, StepDefinition } from '../definition.ts'
import {
  type Change,
  type Decision,
  decide,
  firstSending,
  messageId,
  type Phase,
  type StepRecord,
  sendingAfter,
  type Target,
} from '../protocol.ts'

/** The functions under test; a model of a broken protocol replaces one of them. */
export interface Protocol {
  readonly decide: typeof decide
  readonly sendingAfter: typeof sendingAfter
}
export const protocol: Protocol = { decide, sendingAfter }

export type Violation =
  | 'two ends'
  | 'completed with a step not done or undone'
  | 'cancelled with a step done and not undone'
  | 'undone before a later step was undone'
  | 'effect twice'
  | 'undone without an effect'
  | 'at rest without an end'
  | 'settled without an end'
  | 'nothing to send'

/** What the world looks like: the inbox row of each step, and every message that was ever sent (each may arrive again). */
interface State {
  readonly rows: ReadonlyMap<string, StepRecord>
  readonly sent: ReadonlyMap<string, Target>
}

export interface Exploration {
  readonly states: number
  /** How many of them are at rest: no message that was sent changes anything any more. */
  readonly rest: { readonly completed: number; readonly cancelled: number }
  /** The first state in which each violation was met. */
  readonly violations: ReadonlyMap<Violation, string>
  /** `phase on row` for each kind of inbox row that a message has met. */
  readonly met: ReadonlySet<string>
}

/**
 * Explores every state that can be reached when every message comes any number of times, in any order, and the first step
 * is settled at any moment.
 *
 * @param outcomes what a step that can fail may answer; `refused` stands for attempts that were exhausted
 */
export function explore(saga: Saga, rules: Protocol, outcomes: readonly StepRecord['outcome'][]): Exploration {
  const violations = new Map<Violation, string>()
  const met = new Set<string>()
  const rest = { completed: 0, cancelled: 0 }
  const first = firstSending(saga).target
  const settle = settleOf(first)
  const seen = new Set<string>()
  const open: State[] = [{ rows: new Map(), sent: new Map([[idOf(first), first]]) }]

  for (let state = open.pop(); state; state = open.pop()) {
    const key = keyOf(saga, state)
    if (seen.has(key)) continue
    seen.add(key)
    const note = (violation: Violation) => violations.has(violation) || violations.set(violation, key)
    for (const violation of wrongIn(saga, state)) note(violation)

    let progress = false
    let definite = false
    for (const target of state.sent.values()) {
      if (target.kind === 'end') continue
      const step = saga.steps.find((candidate) => candidate.name === target.step)
      if (!step) continue
      met.add(`${target.phase} on ${rowName(state.rows.get(step.name))}`)
      const after = deliver(saga, rules, outcomes, state, step, target.phase, note).filter((next) => keyOf(saga, next) !== key)
      open.push(...after)
      if (after.length > 0) progress = true
      if (after.length > 0 && (target.phase !== 'do' || step.kind === 'retriable')) definite = true
    }
    const settled = send(state, settle)
    open.push(settled)

    const ended = endsOf(state)
    if (!progress) {
      if (ended.length === 0) note('at rest without an end')
      for (const outcome of ended) rest[outcome] += 1
    }
    // A service that cannot be reached never answers its do: then settle and undo alone must bring the end.
    if (settled.sent.size === state.sent.size && !definite && ended.length === 0) note('settled without an end')
  }
  return { states: seen.size, rest, violations, met }
}

/** The states that one delivery may lead to: none when it changes nothing, several when the handler may answer so or so. */
function deliver(
  saga: Saga,
  rules: Protocol,
  outcomes: readonly StepRecord['outcome'][],
  state: State,
  step: StepDefinition,
  phase: Phase,
  note: (violation: Violation) => void,
): State[] {
  const row = state.rows.get(step.name)
  const decision: Decision = rules.decide(step.kind, phase, row)
  const to = (record: StepRecord | undefined, change: Change): State => {
    const rows = record ? new Map(state.rows).set(step.name, record) : state.rows
    try {
      const sending = rules.sendingAfter(saga, step, change)
      return sending ? send({ ...state, rows }, sending.target) : { ...state, rows }
    } catch {
      note('nothing to send')
      return { ...state, rows }
    }
  }
  const standing = row?.outcome === 'done' && !row.undone
  switch (decision) {
    case 'run':
      if (standing) note('effect twice')
      return (step.failed ? outcomes : (['done'] as const)).map((outcome) =>
        to({ outcome, undone: false }, outcome === 'done' ? 'done' : 'failed'),
      )
    case 'refuse':
      return [to({ outcome: 'refused', undone: false }, 'failed')]
    case 'undo':
      if (!standing) note('undone without an effect')
      return [to({ outcome: 'done', undone: true }, 'undone')]
    case 'forward':
      return [to(undefined, 'forward')]
    case 'nothing':
      return []
    default:
      return decision satisfies never
  }
}

function wrongIn(saga: Saga, state: State): Violation[] {
  const ends = endsOf(state)
  const standing = (step: StepDefinition | undefined) => {
    const row = step && state.rows.get(step.name)
    return row?.outcome === 'done' && !row.undone
  }
  const wrong: Violation[] = []
  if (ends.length > 1) wrong.push('two ends')
  if (ends.includes('completed') && !saga.steps.every(standing)) wrong.push('completed with a step not done or undone')
  if (ends.includes('cancelled') && saga.steps.some(standing)) wrong.push('cancelled with a step done and not undone')
  if (saga.steps.some((step, index) => state.rows.get(step.name)?.undone && standing(saga.steps[index + 1])))
    wrong.push('undone before a later step was undone')
  return wrong
}

const settleOf = (target: Target): Target => (target.kind === 'step' ? { ...target, phase: 'settle' } : target)
const idOf = (target: Target) => messageId('saga', target)
const send = (state: State, target: Target): State => ({ ...state, sent: new Map(state.sent).set(idOf(target), target) })
const endsOf = (state: State) => [...state.sent.values()].flatMap((target) => (target.kind === 'end' ? [target.outcome] : []))
const rowName = (row: StepRecord | undefined) => (row ? (row.undone ? 'undone' : row.outcome) : 'none')
const keyOf = (saga: Saga, state: State) =>
  `${saga.steps.map((step) => rowName(state.rows.get(step.name))).join(' ')} | ${[...state.sent.keys()].sort().join(' ')}`
