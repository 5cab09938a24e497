import { DatabaseError, type Queryable, type Row, type Transaction, type Value } from '../ports/database.ts'
import { COMMIT, type Issued, issue, type Request, SKIPPED } from '../wire/issued.ts'
import { BEGIN, ROLLBACK, UNKNOWN } from './exchange.ts'
import { runBlock, skipped } from './run.ts'
import type { Session } from './session.ts'
import { endOfTurn } from './turn.ts'

/**
 * Runs `work` in a transaction of a connection that nobody else may use meanwhile. BEGIN travels with the first statements
 * and COMMIT with those that nobody has waited for; a transaction without statements sends nothing.
 */
export async function runTransaction<T>(session: Session, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const transaction = new OpenTransaction(session)
  try {
    // The brand exists for the type system only.
    const result = await work(transaction as Queryable as Transaction)
    await transaction.commit()
    return result
  } catch (error) {
    throw await transaction.rollback(error)
  }
}

class OpenTransaction implements Queryable {
  readonly #session: Session
  #waiting: Issued[] = []
  #sending: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #begun = false
  #ended = false

  constructor(session: Session) {
    this.#session = session
  }

  query<R = Row>(text: string, values: readonly Value[] = []): Promise<R[]> {
    if (this.#ended) return Promise.reject(new DatabaseError('the transaction has ended', '25P01'))
    const { issued, answer } = issue<R>(text, values)
    // Whether or not anybody looks at it, a failure fails the transaction: it is never unhandled.
    answer.catch(() => {})
    this.#waiting.push(issued)
    if (this.#waiting.length === 1) this.#sendSoon()
    return answer
  }

  /** @throws the first failure of a statement, or that of the COMMIT */
  async commit(): Promise<void> {
    this.#ended = true
    await this.#sending
    if (this.#begun || this.#waiting.length > 0) await this.#send([COMMIT])
    if (this.#failure) throw this.#failure.error
  }

  /** Undoes everything. Returns the cause: the first failure rather than one that merely follows from it. */
  async rollback(error: unknown): Promise<unknown> {
    this.#ended = true
    for (const request of this.#waiting.splice(0)) request.settle({ error: skipped() })
    await this.#sending
    if (this.#session.status !== 'idle') await runBlock(this.#session, [ROLLBACK])
    const follows = error instanceof DatabaseError && error.code === SKIPPED
    return follows && this.#failure ? this.#failure.error : error
  }

  /** What is issued while an answer is under way waits for it, and goes together with what the answer leads to. */
  #sendSoon(): void {
    endOfTurn(() => {
      if (this.#sending || this.#ended || this.#waiting.length === 0) return
      this.#sending = this.#send([]).finally(() => {
        this.#sending = undefined
        if (this.#waiting.length > 0) this.#sendSoon()
      })
    })
  }

  /** Sends what waits, with BEGIN before it if need be and `last` after it. */
  async #send(last: readonly Request[]): Promise<void> {
    const issued = this.#waiting.splice(0)
    if (this.#failure) {
      for (const request of issued) request.settle({ error: skipped() })
      return
    }
    const first = this.#begun ? [] : [BEGIN]
    this.#begun = true
    const outcomes = await runBlock(this.#session, [...first, ...issued, ...last])
    for (const [index, outcome] of outcomes.entries()) {
      if ('error' in outcome && (!this.#failure || isUnknown(outcome.error))) this.#failure = outcome
      issued[index - first.length]?.settle(outcome)
    }
    if (last.length === 0 && this.#session.status !== 'open') {
      this.#failure ??= { error: new DatabaseError('a statement ended the transaction', '25P01') }
    }
  }
}

/** What was lost before the answer to COMMIT says less than that it was lost. */
function isUnknown(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === UNKNOWN
}
