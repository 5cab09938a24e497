import type { Value } from '../ports/database.ts'
import { type Issued, issue } from '../wire/issued.ts'
import type { EventLoop } from './event-loop.ts'
import type { Session } from './session.ts'
import type { Turnstile } from './turnstile.ts'

/** So many statements block the event loop for about a millisecond. */
const MOST_AT_ONCE = 50

/** Queries outside of transactions: those that are issued while others wait for their turn are sent together with them. */
export class SingleQueries {
  readonly #session: Session
  readonly #turnstile: Turnstile
  readonly #loop: EventLoop
  #waiting: Issued[] = []

  constructor(session: Session, turnstile: Turnstile, loop: EventLoop) {
    this.#session = session
    this.#turnstile = turnstile
    this.#loop = loop
  }

  query<R>(text: string, values: readonly Value[]): Promise<R[]> {
    const { issued, answer } = issue<R>(text, values)
    this.#waiting.push(issued)
    if (this.#waiting.length === 1) void this.#turnstile.pass(() => this.#sendAll())
    return answer
  }

  async #sendAll(): Promise<void> {
    await new Promise<void>((resolve) => this.#loop.endOfTurn(resolve))
    const issued = this.#waiting
    this.#waiting = []
    while (issued.length > 0) {
      const batch = issued.splice(0, MOST_AT_ONCE)
      const outcomes = this.#session.run(batch, 'single')
      for (const [index, outcome] of outcomes.entries()) batch[index]?.settle(outcome)
      await this.#loop.breathe()
    }
  }
}
