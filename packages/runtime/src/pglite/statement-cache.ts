import type { Column } from '../wire/columns.ts'
import type { Prepared } from '../wire/messages.ts'

export interface Statement extends Prepared {
  readonly columns: readonly Column[]
}

/**
 * The prepared statements of the session, by text. Nothing is evicted: texts are constants of the program, values are
 * parameters.
 *
 * A change of the schema makes all of them stale, because the server refuses a prepared statement whose result has other
 * columns than when it was described. Only this session can change it, so command tags tell.
 */
export class StatementCache {
  readonly #byText = new Map<string, Statement>()
  #names = 0
  #stale = false
  #schemaChangeOpen = false

  get(text: string): Statement | undefined {
    return this.#stale ? undefined : this.#byText.get(text)
  }

  add(text: string, statement: Statement): void {
    this.#byText.set(text, statement)
  }

  nextName(): string {
    this.#names += 1
    return `s${this.#names}`
  }

  /** All statements are to be prepared anew. */
  markStale(): void {
    this.#stale = true
  }

  /** Takes note of a command that was run. */
  saw(tag: string): void {
    if (/^(ALTER|CREATE|DROP|DO$)/.test(tag)) {
      this.#stale = true
      this.#schemaChangeOpen = true
    } else if (tag === 'ROLLBACK' || tag === 'COMMIT') {
      // What was prepared between a change and its rollback is stale again.
      if (tag === 'ROLLBACK' && this.#schemaChangeOpen) this.#stale = true
      this.#schemaChangeOpen = false
    }
  }

  /** Empties a stale cache and returns the names to close at the server. */
  takeStale(): string[] {
    if (!this.#stale) return []
    this.#stale = false
    const names = Array.from(this.#byText.values(), (statement) => statement.name)
    this.#byText.clear()
    return names
  }
}
