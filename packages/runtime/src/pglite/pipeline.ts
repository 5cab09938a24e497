import { DatabaseError, type Value } from '../ports/database.ts'
import { mayRefuse } from '../wire/columns.ts'
import { COMMIT, type Outcome, type Request, SKIPPED } from '../wire/issued.ts'
import { writeClose, writeExecution, writePrepare, writeSync } from '../wire/messages.ts'
import type { Replies } from '../wire/replies.ts'
import { readRows } from '../wire/rows.ts'
import type { Connection } from './connection.ts'
import type { Statement, StatementCache } from './statement-cache.ts'

/**
 * `block`: the requests belong to one transaction, and those after the first that fails are skipped. `single`: each request
 * is its own transaction.
 */
export type Mode = 'block' | 'single'

/**
 * Requests on their way to the server in as few exchanges as possible: one, and two more for each text that is seen for the
 * first time. Every answer is checked against what was sent: a broken server answers too little rather than an error.
 *
 * Throws only when the connection is lost.
 */
export class Pipeline {
  /** One for each request sent so far. */
  readonly outcomes: Outcome[] = []
  readonly #connection: Connection
  readonly #statements: StatementCache
  readonly #mode: Mode
  #written: Statement[] = []
  #failed = false

  constructor(connection: Connection, statements: StatementCache, mode: Mode) {
    this.#connection = connection
    this.#statements = statements
    this.#mode = mode
  }

  add(request: Request): void {
    // Rows that cannot be read are a failure, too: seen only after the COMMIT it would come too late.
    if (request === COMMIT && this.#written.some(({ columns }) => columns.some(mayRefuse))) this.send()
    const statement = this.#failed ? undefined : (this.#statements.get(request.text) ?? this.#prepare(request.text))
    if (this.#failed) this.#skip()
    else if (statement) this.#write(statement, request.values)
  }

  /** Sends what has been added and reads the outcomes. */
  send(): void {
    const written = this.#written
    if (written.length === 0) return
    this.#written = []
    if (this.#mode === 'block') writeSync(this.#connection.output)
    const replies = this.#connection.exchange()
    for (const statement of written) {
      // After an error the server passes over everything up to the end of the block.
      if (this.#failed && replies.type === 'Z') this.#skip()
      else this.#readOutcome(replies, statement)
      if (this.#mode === 'single') this.#readEnd(replies)
    }
    if (this.#mode === 'block') this.#readEnd(replies)
    if (replies.type !== '') throw this.#connection.unexpected(replies)
  }

  #write(statement: Statement, values: readonly Value[]): void {
    try {
      writeExecution(this.#connection.output, statement, values)
    } catch (refusal) {
      this.send()
      if (this.#failed) this.#skip()
      else this.#fail(refusal)
      return
    }
    this.#written.push(statement)
    if (this.#mode === 'single') writeSync(this.#connection.output)
  }

  /** Undefined when the server refuses the text, or a request before it has failed; then its outcome is recorded, or due. */
  #prepare(text: string): Statement | undefined {
    this.send()
    if (this.#failed) return undefined
    if (text.includes('\0')) {
      this.#fail(new TypeError('SQL text contains U+0000'))
      return undefined
    }
    const { output } = this.#connection
    const stale = this.#statements.takeStale()
    for (const name of stale) writeClose(output, name)
    const name = this.#statements.nextName()
    writePrepare(output, name, text)
    const replies = this.#connection.exchange()
    for (const _ of stale) this.#expect(replies, '3')
    if (replies.type === 'E') {
      this.#fail(this.#connection.errorOf(replies))
      replies.next()
      this.#readEnd(replies)
      return undefined
    }
    this.#expect(replies, '1')
    const parameters = replies.type === 't' ? replies.parameterTypes() : []
    this.#expect(replies, 't')
    const columns = replies.type === 'T' ? replies.columns() : []
    this.#expect(replies, replies.type === 'T' ? 'T' : 'n')
    this.#readEnd(replies)
    const statement = { name, parameters, columns }
    this.#statements.add(text, statement)
    return statement
  }

  #readOutcome(replies: Replies, statement: Statement): void {
    if (replies.type !== 'E') {
      this.#expect(replies, '2')
      const outcome = readRows(replies, statement.columns)
      if (replies.type === 'C' || replies.type === 'I') {
        if (replies.type === 'C') this.#statements.saw(replies.text())
        replies.next()
        if ('error' in outcome) this.#fail(outcome.error)
        else this.outcomes.push(outcome)
        return
      }
    }
    if (replies.type !== 'E') throw this.#connection.unexpected(replies)
    const error = this.#connection.errorOf(replies)
    // "cached plan must not change result type": the schema was changed by a function. The next try is prepared anew.
    if (error.code === '0A000') this.#statements.markStale()
    replies.next()
    this.#fail(error)
  }

  #readEnd(replies: Replies): void {
    const status = this.#connection.readStatus(replies)
    if (this.#mode === 'single' && status !== 'idle') {
      throw this.#connection.lose('a statement began a transaction outside of transaction()')
    }
  }

  #expect(replies: Replies, type: string): void {
    if (replies.type !== type) throw this.#connection.unexpected(replies)
    replies.next()
  }

  #fail(error: unknown): void {
    this.outcomes.push({ error })
    if (this.#mode === 'block') this.#failed = true
  }

  #skip(): void {
    this.outcomes.push({ error: new DatabaseError('skipped: a statement before it in the transaction failed', SKIPPED) })
  }
}
