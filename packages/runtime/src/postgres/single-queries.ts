import type { Value } from '../ports/database.ts'
import { type Issued, issue } from '../wire/issued.ts'
import type { Pool } from './pool.ts'
import { runSingles } from './run.ts'
import { endOfTurn } from './turn.ts'
import type { Underway } from './underway.ts'

/**
 * Queries outside of transactions: those of one turn are sent together, by one connection so that they keep their order (and
 * one that is slow keeps those after it waiting).
 */
export class SingleQueries {
  readonly #pool: Pool
  readonly #underway: Underway
  #waiting: Issued[] = []

  constructor(pool: Pool, underway: Underway) {
    this.#pool = pool
    this.#underway = underway
  }

  query<R>(text: string, values: readonly Value[]): Promise<R[]> {
    const { issued, answer } = issue<R>(text, values)
    this.#waiting.push(issued)
    if (this.#waiting.length === 1) {
      void this.#underway.run(async () => {
        await new Promise<void>((resolve) => endOfTurn(resolve))
        await this.#sendAll()
      })
    }
    return answer
  }

  async #sendAll(): Promise<void> {
    try {
      const session = await this.#pool.acquire()
      await runSingles(session, this.#waiting.splice(0), () => this.#pool.release(session))
    } catch (error) {
      for (const { settle } of this.#waiting.splice(0)) settle({ error })
    }
  }
}
