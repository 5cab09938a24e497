import {
  type Answer,
  answerTo,
  type Cause,
  type Change,
  type Command,
  type Definite,
  type Outcome,
  type Saga,
  type StepDefinition,
  sendingAfter,
  type Task,
} from '@comptoir/saga'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { Verdict } from './inbox.ts'
import { withResult } from './with-result.ts'

/** What a batch did, for the diagnostics: outcomes by step and phase. */
export type Report = Map<string, ReportEntry>
interface ReportEntry {
  readonly saga: string
  readonly step: string
  readonly phase: string
  readonly outcomes: Record<string, number>
}

/** A command that is being handled, and who is told its answer: the driver by a message (absent), or whoever called. */
export interface Asked {
  readonly command: Command
  readonly called?: (answer: Answer) => void
}

/**
 * Says what follows from a change of a step, and counts it: in a choreography the next message, to whom the routes say; of
 * a step that was commanded, the answer to its driver.
 */
export class Sends {
  readonly #unit: UnitOfWork
  readonly #report: Report
  readonly #asked: ReadonlyMap<string, Asked>
  /** The entry of the report that was counted last. */
  #counted: ReportEntry | undefined

  /** @param asked the commands at hand, by saga: each saga occurs once in a batch */
  constructor(unit: UnitOfWork, report: Report, asked: ReadonlyMap<string, Asked> = new Map()) {
    this.#unit = unit
    this.#report = report
    this.#asked = asked
  }

  /**
   * Says what follows from a task's outcome; answers what the inbox row must say beyond `done`.
   *
   * @param text the JSON text of the task's data
   */
  settled(saga: Saga, step: StepDefinition, task: Task, outcome: Outcome<unknown, unknown>, text: string): Verdict | undefined {
    const row = { id: task.saga, step: step.name, reason: null, detail: null }
    if (outcome.kind === 'failed') {
      const failure = outcome as { reason: unknown; detail?: string }
      const cause = { step: step.name, reason: String(failure.reason) }
      this.failed(saga, step, task.saga, 'failed', cause)
      return { ...row, outcome: 'failed', result: null, reason: cause.reason, detail: failure.detail ?? null }
    }
    const { result } = outcome as { result: object }
    const isAnswer = this.#answered(saga, task.saga, { outcome: 'done', result })
    const sending = isAnswer ? undefined : sendingAfter(saga, step, 'done')
    if (sending) this.#unit.sendText(saga, task.saga, sending, withResult(text, task.data as object, step.name, result))
    this.count(saga, step.name, 'do', 'done', 1)
    // Read by an undo, and when a command comes again. In a choreography nobody else does: the message just sent carries it.
    const isRead = isAnswer || step.kind === 'compensatable'
    return isRead && Object.keys(result).length > 0 ? { ...row, outcome: 'done', result: JSON.stringify(result) } : undefined
  }

  /** @param outcome failed for a declared reason, or refused */
  failed(saga: Saga, step: StepDefinition, id: string, outcome: 'failed' | 'refused', cause: Cause): void {
    if (!this.#answered(saga, id, { outcome, cause })) this.#pass(saga, step, id, 'failed', { cause }, cause)
    this.count(saga, step.name, 'do', outcome, 1)
  }

  undone(saga: Saga, step: StepDefinition, id: string, cause: Cause): void {
    if (!this.#answered(saga, id, { outcome: 'refused', cause })) this.#pass(saga, step, id, 'undone', { cause }, cause)
    this.count(saga, step.name, 'undo', 'undone', 1)
  }

  /** A settle goes on to the next step, which may be the one whose outcome is unknown. @param body why it was sent */
  forward(saga: Saga, step: StepDefinition, id: string, body: unknown): void {
    this.#pass(saga, step, id, 'forward', body)
    this.count(saga, step.name, 'do', 'forwarded', 1)
  }

  /** A command came again: its driver is told once more what the inbox row says. */
  again(saga: Saga, step: StepDefinition, id: string, stored: Definite): void {
    this.#answered(saga, id, stored)
    this.count(saga, step.name, 'do', 'repeated', 1)
  }

  count(saga: { readonly name: string }, step: string, phase: string, outcome: string, count: number): void {
    // One after the other they are mostly of one step.
    if (this.#counted?.saga !== saga.name || this.#counted.step !== step || this.#counted.phase !== phase) {
      const name = `${saga.name} ${step} ${phase}`
      this.#counted = this.#report.get(name) ?? { saga: saga.name, step, phase, outcomes: {} }
      this.#report.set(name, this.#counted)
    }
    const { outcomes } = this.#counted
    outcomes[outcome] = (outcomes[outcome] ?? 0) + count
  }

  #pass(saga: Saga, step: StepDefinition, id: string, change: Change, data: unknown, cause?: Cause): void {
    const sending = sendingAfter(saga, step, change)
    if (sending) this.#unit.send(saga, id, sending, data, cause)
  }

  /** Answers whether the step was commanded. */
  #answered(saga: Saga, id: string, row: Definite): boolean {
    const asked = this.#asked.get(id)
    if (!asked) return false
    const answer = answerTo(asked.command, row)
    if (asked.called) asked.called(answer)
    else this.#unit.answer(saga, id, answer)
    return true
  }
}
