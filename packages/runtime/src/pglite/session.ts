import { DatabaseError } from '../ports/database.ts'
import type { Outcome, Request } from '../wire/issued.ts'
import { writeScript } from '../wire/messages.ts'
import { PLANNER_SETTINGS } from '../wire/planner-settings.ts'
import type { Status } from '../wire/replies.ts'
import { Connection } from './connection.ts'
import type { Engine } from './engine.ts'
import { type Mode, Pipeline } from './pipeline.ts'
import { StatementCache } from './statement-cache.ts'

const ROLLBACK: Request = { text: 'rollback', values: [] }

/** The one session of a PGlite database. Runs synchronously; callers take turns by themselves. */
export class Session {
  readonly #connection: Connection
  readonly #statements = new StatementCache()

  constructor(engine: Engine, onFatal: (error: DatabaseError) => void) {
    this.#connection = new Connection(engine, onFatal)
    this.script(PLANNER_SETTINGS)
  }

  /** Transaction state after the last request. */
  get status(): Status {
    return this.#connection.status
  }

  /** Answers one outcome for each request, in order; never throws. */
  run(requests: readonly Request[], mode: Mode): Outcome[] {
    const pipeline = new Pipeline(this.#connection, this.#statements, mode)
    try {
      for (const request of requests) pipeline.add(request)
      pipeline.send()
      return pipeline.outcomes
    } catch (error) {
      // The connection is lost. Nothing is known of any request, also of those that seemed to succeed.
      return requests.map(() => ({ error }))
    }
  }

  /** Ends a transaction that is open or failed. */
  rollback(): void {
    if (this.status !== 'idle') this.run([ROLLBACK], 'block')
  }

  /**
   * Runs many statements, by PostgreSQL's rules for such a text: all in one transaction, but for what it commits itself.
   *
   * @throws DatabaseError of the statement that failed
   */
  script(text: string): void {
    if (text.includes('\0')) throw new TypeError('SQL text contains U+0000')
    writeScript(this.#connection.output, text)
    const replies = this.#connection.exchange()
    let failure: DatabaseError | undefined
    for (; replies.type !== 'Z'; replies.next()) {
      if (replies.type === '') throw this.#connection.unexpected(replies)
      if (replies.type === 'E') failure ??= this.#connection.errorOf(replies)
    }
    this.#statements.markStale()
    if (this.#connection.readStatus(replies) !== 'idle') {
      this.rollback()
      failure ??= new DatabaseError('the script began a transaction and did not end it', '25001')
    }
    if (failure) throw failure
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
