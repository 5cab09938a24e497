import { DatabaseError, type Queryable, type Row, type Transaction, type Value } from '../ports/database.ts'
import { COMMIT, type Issued, issue, type Request, SKIPPED } from '../wire/issued.ts'
import type { EventLoop } from './event-loop.ts'
import type { Session } from './session.ts'

const BEGIN: Request = { text: 'begin', values: [] }

/**
 * Runs `work` in a transaction of the session, which nobody else may use meanwhile. BEGIN travels with the first statements
 * and COMMIT with those that nobody has waited for; a transaction without statements sends nothing.
 */
export async function runTransaction<T>(session: Session, loop: EventLoop, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const transaction = new OpenTransaction(session, loop)
  try {
    // The brand exists for the type system only.
    const result = await work(transaction as Queryable as Transaction)
    transaction.commit()
    return result
  } catch (error) {
    throw transaction.rollback(error)
  }
}

class OpenTransaction implements Queryable {
  readonly #session: Session
  readonly #loop: EventLoop
  #waiting: Issued[] = []
  #failure: { readonly error: unknown } | undefined
  #begun = false
  #ended = false

  constructor(session: Session, loop: EventLoop) {
    this.#session = session
    this.#loop = loop
  }

  query<R = Row>(text: string, values: readonly Value[] = []): Promise<R[]> {
    if (this.#ended) return Promise.reject(new DatabaseError('the transaction has ended', '25P01'))
    const { issued, answer } = issue<R>(text, values)
    // Whether or not anybody looks at it, a failure fails the transaction: it is never unhandled.
    answer.catch(() => {})
    this.#waiting.push(issued)
    if (this.#waiting.length === 1) this.#loop.endOfTurn(() => this.#send([]))
    return answer
  }

  /** @throws the first failure of a statement, or that of the COMMIT */
  commit(): void {
    this.#ended = true
    if (this.#begun || this.#waiting.length > 0) this.#send([COMMIT])
    if (this.#failure) throw this.#failure.error
  }

  /** Undoes everything. Returns the cause: the first failure rather than one that merely follows from it. */
  rollback(error: unknown): unknown {
    this.#ended = true
    for (const request of this.#waiting.splice(0)) request.settle({ error: skipped() })
    this.#session.rollback()
    const follows = error instanceof DatabaseError && error.code === SKIPPED
    return follows && this.#failure ? this.#failure.error : error
  }

  /** Sends what waits, with BEGIN before it if need be and `last` after it. */
  #send(last: readonly Request[]): void {
    const issued = this.#waiting.splice(0)
    if (this.#failure) {
      for (const request of issued) request.settle({ error: skipped() })
      return
    }
    if (issued.length + last.length === 0) return
    const first = this.#begun ? [] : [BEGIN]
    const outcomes = this.#session.run([...first, ...issued, ...last], 'block')
    this.#begun = true
    for (const [index, outcome] of outcomes.entries()) {
      if ('error' in outcome) this.#failure ??= outcome
      issued[index - first.length]?.settle(outcome)
    }
    if (last.length === 0 && this.#session.status !== 'open') {
      this.#failure ??= { error: new DatabaseError('a statement ended the transaction', '25P01') }
    }
  }
}

function skipped(): DatabaseError {
  return new DatabaseError('skipped: the transaction has failed', SKIPPED)
}
