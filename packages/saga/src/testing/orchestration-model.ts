import { type Answer, answerTo, type Command, commandType, type Definite, decideCommand } from '../command.ts'
import { type Saga, stepOf } from '../definition.ts'
import { afterAnswer, afterCancelWish, afterTimeout, beginDriving, type Driving } from '../orchestration.ts'
import type { Cause } from '../outcome.ts'
import type { StepRecord } from '../protocol.ts'

/** The functions under test; a model of a broken orchestration replaces one of them. */
export const rules = { decideCommand, answerTo, beginDriving, afterAnswer, afterTimeout, afterCancelWish }
export type Rules = typeof rules

export type Violation =
  | 'two ends'
  | 'completed with a step not done or undone'
  | 'cancelled with a step done and not undone'
  | 'pivot done and yet turned back'
  | 'undone before a later step was undone'
  | 'effect twice'
  | 'undone twice'
  | 'undone without an effect'
  | 'at rest without an end'
  | 'commanded a step that was not next'
  | 'blind undo'
  | 'blind retry'
  | 'settled a retriable step'
  | 'went on in spite of a wish'

/** What the world looks like: the driver's row, each step's inbox row, and all that was ever sent (each may arrive again). */
interface State {
  readonly driving: Driving
  readonly ends: number
  readonly rows: ReadonlyMap<string, StepRecord>
  readonly commands: ReadonlyMap<string, Command>
  readonly answers: ReadonlyMap<string, Answer>
  /** The steps whose outcome an answer has told the driver. */
  readonly known: ReadonlySet<string>
  /** Whether somebody was told that the wish to cancel is taken up. */
  readonly wished: boolean
}
type Note = (violation: Violation) => void

export interface Exploration {
  readonly states: number
  /** How many of them are at rest: nothing that can still happen changes anything any more. */
  readonly rest: { readonly completed: number; readonly cancelled: number }
  /** The first state in which each violation was met. */
  readonly violations: ReadonlyMap<Violation, string>
  /** `phase on row` for each kind of inbox row that a command has met; `wish accepted` and so on for each fate of a wish. */
  readonly met: ReadonlySet<string>
}

const wish: Cause = { step: 's1', reason: 'wished' }

/**
 * Explores every state that can be reached when every command and every answer comes any number of times, in any order,
 * or never, when time-outs and the wish to cancel come at any moment, and when the driver dies between committing a
 * command and sending it: the command then arrives later, or the time-out comes first.
 *
 * @param outcomes what a step that can fail may answer; `refused` stands for attempts that were exhausted
 */
export function exploreDriven(saga: Saga, tried: Rules, outcomes: readonly StepRecord['outcome'][]): Exploration {
  const violations = new Map<Violation, string>()
  const met = new Set<string>()
  const rest = { completed: 0, cancelled: 0 }
  const seen = new Set<string>()
  const driving = tried.beginDriving(saga)
  const unsent = { driving, ends: 0, rows: new Map(), commands: new Map(), answers: new Map(), known: new Set<string>() }
  const first = drive(saga, { ...unsent, wished: false }, driving, () => {})
  const open = [[keyOf(saga, first), first] as const]

  for (let move = open.pop(); move; move = open.pop()) {
    const [key, state] = move
    if (seen.has(key)) continue
    seen.add(key)
    const note: Note = (violation) => violations.has(violation) || violations.set(violation, key)
    for (const violation of wrongIn(saga, state)) note(violation)
    if (state.ends > 1) continue

    const after = [...state.answers.values()].map((answer) => hear(saga, tried, state, answer, note))
    for (const command of state.commands.values()) {
      met.add(`${command.phase} on ${rowName(state.rows.get(command.step))}`)
      after.push(...handle(saga, tried, outcomes, state, command, note))
    }
    const timedOut = tried.afterTimeout(saga, state.driving)
    if (timedOut) after.push(drive(saga, state, timedOut, note))
    const { kind } = state.driving
    const fate = tried.afterCancelWish(saga, state.driving, wish)
    met.add(`wish ${fate.kind}`)
    if (fate.kind === 'accepted') after.push(drive(saga, { ...state, wished: true }, fate.driving, note))
    if (fate.kind === 'joined' && kind === 'running') after.push({ ...state, wished: true })

    const moves = after.map((next) => [keyOf(saga, next), next] as const).filter(([to]) => to !== key)
    open.push(...moves.filter(([to]) => !seen.has(to)))
    if (kind === 'completed' || kind === 'cancelled') rest[kind] += moves.length === 0 ? 1 : 0
    else if (!endsByTimeouts(saga, tried, state, 2 * saga.steps.length)) note('at rest without an end')
  }
  return { states: seen.size, rest, violations, met }
}

/** Whether a saga ends when all that was sent is lost, and each command that a time-out sends arrives and is answered. */
function endsByTimeouts(saga: Saga, tried: Rules, state: State, hops: number): boolean {
  const driving = tried.afterTimeout(saga, state.driving)
  if (!driving || !('command' in driving) || hops === 0) return false
  const quiet = () => {}
  const handled = handle(saga, tried, ['done'], { ...state, driving, answers: new Map() }, driving.command, quiet)
  return handled.some((answered) => {
    const [answer] = answered.answers.values()
    const next = answer ? hear(saga, tried, answered, answer, quiet) : answered
    return next.ends > 0 || endsByTimeouts(saga, tried, next, hops - 1)
  })
}

/** The states that a command may lead to at its participant: several when the handler may answer so or so. */
function handle(
  saga: Saga,
  tried: Rules,
  outcomes: readonly StepRecord['outcome'][],
  state: State,
  command: Command,
  note: Note,
): State[] {
  const step = stepOf(saga, command.step)
  const row = state.rows.get(step.name)
  const to = (record: StepRecord): State => {
    const answer = tried.answerTo(command, definite(step.name, record))
    const answers = new Map(state.answers).set(`${commandType(command)} ${answer.outcome}`, answer)
    return { ...state, rows: new Map(state.rows).set(step.name, record), answers }
  }
  if (command.phase === 'settle' && step.kind === 'retriable') {
    note('settled a retriable step')
    return []
  }
  const decision = tried.decideCommand(step.kind, command.phase, row)
  switch (decision) {
    case 'run':
      if (row?.outcome === 'done') note('effect twice')
      return (step.failed ? outcomes : (['done'] as const)).map((outcome) => to({ outcome, undone: false }))
    case 'refuse':
      return [to({ outcome: 'refused', undone: false })]
    case 'undo':
      if (row?.undone) note('undone twice')
      else if (row?.outcome !== 'done') note('undone without an effect')
      return [to({ outcome: 'done', undone: true })]
    case 'answer':
      return row ? [to(row)] : []
    default:
      return decision satisfies never
  }
}

/** The driver gets an answer. */
function hear(saga: Saga, tried: Rules, state: State, answer: Answer, note: Note): State {
  const next = tried.afterAnswer(saga, state.driving, answer)
  if (!next) return state
  const goesOn = next.kind === 'running' || next.kind === 'completed'
  if (state.wished && goesOn && stepOf(saga, answer.step).kind === 'compensatable') note('went on in spite of a wish')
  return drive(saga, { ...state, known: new Set(state.known).add(answer.step) }, next, note)
}

/** The driver commits its next state and sends its command. */
function drive(saga: Saga, state: State, driving: Driving, note: Note): State {
  if (!('command' in driving)) return { ...state, driving, ends: state.ends + 1 }
  const { command } = driving
  const sent = [...state.commands.values()]
  const at = saga.steps.findIndex(({ name }) => name === command.step)
  if (command.phase === 'undo') {
    if (sent.some(({ step }) => !state.known.has(step))) note('blind undo')
  } else {
    const later = saga.steps.slice(at + 1).some(({ name }) => sent.some(({ step }) => step === name))
    const ready = saga.steps.slice(0, at).every(({ name }) => standing(state.rows.get(name)))
    if (later || !ready || sent.some(({ phase }) => phase === 'undo')) note('commanded a step that was not next')
    const asked = sent.some(({ step }) => step === command.step)
    if (command.phase === 'do' && asked && saga.steps[at]?.kind !== 'retriable') note('blind retry')
  }
  return { ...state, driving, commands: new Map(state.commands).set(commandType(command), command) }
}

function wrongIn(saga: Saga, { driving, ends, rows }: State): Violation[] {
  const stands = saga.steps.map(({ name }) => standing(rows.get(name)))
  const pivot = saga.steps.findIndex(({ kind }) => kind === 'pivot')
  const wrong: Violation[] = []
  if (ends > 1) wrong.push('two ends')
  if (driving.kind === 'completed' && !stands.every(Boolean)) wrong.push('completed with a step not done or undone')
  if (driving.kind === 'cancelled' && stands.some(Boolean)) wrong.push('cancelled with a step done and not undone')
  if ((driving.kind === 'compensating' || driving.kind === 'cancelled') && stands[pivot])
    wrong.push('pivot done and yet turned back')
  if (saga.steps.some(({ name }, index) => rows.get(name)?.undone && stands.slice(index + 1).some(Boolean)))
    wrong.push('undone before a later step was undone')
  return wrong
}

const standing = (row: StepRecord | undefined): boolean => row?.outcome === 'done' && !row.undone
const definite = (step: string, { outcome }: StepRecord): Definite =>
  outcome === 'done' ? { outcome, result: {} } : { outcome, cause: { step, reason: outcome } }
const rowName = (row: StepRecord | undefined) => (row ? (row.undone ? 'undone' : row.outcome) : 'none')
const keyOf = (saga: Saga, { driving, ends, wished, rows, commands, answers, known }: State): string =>
  [
    `${JSON.stringify(driving)} ${ends} ${wished}`,
    saga.steps.map(({ name }) => rowName(rows.get(name))).join(' '),
    ...[commands.keys(), answers.keys(), known].map((names) => [...names].sort().join(' ')),
  ].join(' | ')
