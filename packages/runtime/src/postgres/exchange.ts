import { DatabaseError } from '../ports/database.ts'
import { COMMIT, type Outcome, type Request, SKIPPED } from '../wire/issued.ts'
import { writeClose, writeExecution, writeParse, writeSync } from '../wire/messages.ts'
import type { Replies } from '../wire/replies.ts'
import { readRows } from '../wire/rows.ts'
import type { Description } from './catalog.ts'
import type { Answered, Session } from './session.ts'
import type { Statement } from './statements.ts'

export const BEGIN: Request = { text: 'begin', values: [] }
export const ROLLBACK: Request = { text: 'rollback', values: [] }

/** SQLSTATE of a COMMIT that was sent and whose answer was lost. */
export const UNKNOWN = '08007'

interface Step {
  readonly statement: Statement
  readonly parse: boolean
  readonly execute: boolean
}

/** Statements that share one Sync: the server skips those after the first that fails. */
export class Exchange implements Answered {
  readonly #session: Session
  readonly #alone: boolean
  readonly #steps: Step[] = []
  #closed = 0
  #risky = false
  #settle: (outcomes: Outcome[]) => void = () => {}

  /** `alone`: its statement is a transaction of its own, and must not begin another. */
  constructor(session: Session, { alone = false } = {}) {
    this.#session = session
    this.#alone = alone
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0
  }

  /** Whether an answer may turn out to be unreadable: that must be seen before the transaction is committed. */
  get isRisky(): boolean {
    return this.#risky
  }

  get patience(): number {
    return this.#steps.length
  }

  /**
   * Adds a statement whose text is in the catalog.
   *
   * @throws TypeError or DatabaseError for values that cannot be sent; nothing is added then
   */
  add({ text, values }: Request, { parameters, risky }: Description): void {
    this.#forgetStale()
    const { output, statements } = this.#session
    const statement = statements.of(text, parameters)
    const parse = !statement.sent
    const start = output.length
    try {
      if (parse) writeParse(output, statement.name, text)
      writeExecution(output, statement, values)
    } catch (refusal) {
      output.truncate(start)
      throw refusal
    }
    this.#take({ statement, parse, execute: true })
    this.#risky ||= risky
  }

  /** Adds a text that is only parsed; the answer brings it to the catalog. */
  describe(text: string): void {
    this.#forgetStale()
    const statement = this.#session.statements.of(text, [])
    writeParse(this.#session.output, statement.name, text)
    this.#take({ statement, parse: true, execute: false })
  }

  /** Ends it. It leaves with the session's next send; then resolves to one outcome for each step. */
  finish(): Promise<Outcome[]> {
    const settled = new Promise<Outcome[]>((resolve) => {
      this.#settle = resolve
    })
    writeSync(this.#session.output)
    this.#session.expect(this)
    return settled
  }

  answer(replies: Replies, lost?: DatabaseError): void {
    const outcomes: Outcome[] = []
    let refused = false
    for (let closed = 0; closed < this.#closed; closed += 1) replies.passes('3')
    for (const step of this.#steps) {
      const skipped: boolean = refused && replies.type === (lost ? '' : 'Z')
      const outcome: Outcome = skipped ? this.#skip(step) : this.#read(replies, step, lost)
      refused ||= 'error' in outcome && outcome.error !== lost
      outcomes.push(outcome)
    }
    if (!lost && this.#session.readStatus(replies) !== 'idle' && this.#alone) {
      throw new DatabaseError('a statement began a transaction outside of transaction()', '25001')
    }
    this.#settle(outcomes)
  }

  unsent(lost: DatabaseError): void {
    this.#settle(this.#steps.map(() => ({ error: lost })))
  }

  #forgetStale(): void {
    if (!this.isEmpty) return
    for (const name of this.#session.statements.takeStale()) {
      writeClose(this.#session.output, name)
      this.#closed += 1
    }
  }

  #take(step: Step): void {
    step.statement.sent = true
    this.#steps.push(step)
  }

  #read(replies: Replies, step: Step, lost?: DatabaseError): Outcome {
    const { statement, parse, execute } = step
    if (parse && !this.#readDescription(replies, statement)) return this.#fail(replies, step, lost)
    if (!execute) return { rows: [] }
    if (!replies.passes('2')) return this.#fail(replies, step, lost)
    const outcome = readRows(replies, statement.columns)
    const tag = replies.type === 'C' ? replies.text() : ''
    if (!replies.passes('C') && !replies.passes('I')) return this.#fail(replies, step, lost)
    this.#session.statements.saw(tag)
    if (statement.text !== COMMIT.text || tag === 'COMMIT') return outcome
    return { error: new DatabaseError('the transaction was rolled back instead of committed', SKIPPED) }
  }

  #readDescription(replies: Replies, statement: Statement): boolean {
    if (!replies.passes('1')) return false
    statement.parameters = replies.type === 't' ? replies.parameterTypes() : []
    if (!replies.passes('t')) return false
    statement.columns = replies.type === 'T' ? replies.columns() : []
    if (!replies.passes('T') && !replies.passes('n')) return false
    this.#session.statements.catalog.learn(statement)
    return true
  }

  /** The outcome of a step that has no proper answer. */
  #fail(replies: Replies, step: Step, lost?: DatabaseError): Outcome {
    const { statement, parse } = step
    const { statements } = this.#session
    if (replies.type !== 'E') {
      if (!lost || replies.type !== '') throw new Error(`unexpected message '${replies.type}'`)
      return { error: statement.text === COMMIT.text ? unknown(lost) : lost }
    }
    const { error, fatal } = replies.error()
    replies.next()
    if (fatal && statement.text === COMMIT.text) return { error: unknown(error) }
    // "cached plan must not change result type": the schema was changed behind our back. The next try is prepared anew.
    if (error.code === '0A000') statements.catalog.forget()
    if (parse) {
      // Even if it was parsed: to parse it again under another name costs less than to tell.
      statements.drop(statement)
      statement.failure = error
    } else if (error.code === '26000') {
      statements.catalog.forget()
      return { error: statement.failure ?? error }
    }
    return { error }
  }

  #skip({ statement, parse }: Step): Outcome {
    if (parse) this.#session.statements.drop(statement)
    return { error: new DatabaseError('skipped: a statement before it in the transaction failed', SKIPPED) }
  }
}

function unknown(cause: DatabaseError): DatabaseError {
  const message = `the answer to COMMIT was lost, the transaction may be kept or not: ${cause.message}`
  return new DatabaseError(message, UNKNOWN, undefined, { cause })
}
