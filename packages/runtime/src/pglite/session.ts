import { DatabaseError } from '../ports/database.ts'
import { Connection } from './connection.ts'
import type { Engine } from './engine.ts'
import { type Mode, type Outcome, Pipeline, type Request } from './pipeline.ts'
import { StatementCache } from './statement-cache.ts'
import { writeScript } from './wire/messages.ts'
import type { Status } from './wire/replies.ts'

/**
 * Generic plans: to plan `any($1)` and `unnest` anew for every execution costs up to a third of a short statement, and sets
 * by key have one good plan (measured on 200,000 rows: no slower, and no index lost). What does want a plan by value, a
 * filter on a rare value of a column, is written with that value as a literal.
 *
 * Such a plan is often made while its table is still empty and nothing here (no autovacuum) makes a new one, so it must be
 * the plan for a large table: keys through their index, never a scan or a hash of the whole. All pages are in memory, so
 * they cost next to nothing. Without this, statements slowed with every row: 14 ms after 40,000 rows, 0.5 ms with it.
 *
 * Notices have no reader here.
 */
const SETTINGS = `
  set plan_cache_mode = force_generic_plan;
  set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set enable_bitmapscan = off;
  set random_page_cost = 0.001; set seq_page_cost = 0.001;
  set client_min_messages = warning`

const ROLLBACK: Request = { text: 'rollback', values: [] }

/** The one session of a PGlite database. Runs synchronously; callers take turns by themselves. */
export class Session {
  readonly #connection: Connection
  readonly #statements = new StatementCache()

  constructor(engine: Engine, onFatal: (error: DatabaseError) => void) {
    this.#connection = new Connection(engine, onFatal)
    this.script(SETTINGS)
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
