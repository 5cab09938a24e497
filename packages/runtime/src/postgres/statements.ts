import type { Column } from '../wire/columns.ts'
import type { Prepared } from '../wire/messages.ts'
import type { Catalog } from './catalog.ts'

/** A text on its way to be prepared on a connection, or prepared. */
export class Statement implements Prepared {
  readonly name: string
  readonly text: string
  parameters: readonly number[]
  columns: readonly Column[] = []
  /** Whether its Parse has been sent. */
  sent = false
  /** Why the server did not parse it. */
  failure: unknown

  constructor(name: string, text: string, parameters: readonly number[]) {
    this.name = name
    this.text = text
    this.parameters = parameters
  }
}

/** The prepared statements of one connection. A change of the schema makes all of them stale; command tags tell of ours. */
export class Statements {
  readonly catalog: Catalog
  readonly #byText = new Map<string, Statement>()
  #version: number
  #names = 0
  #schemaChangeOpen = false

  constructor(catalog: Catalog) {
    this.catalog = catalog
    this.#version = catalog.version
  }

  /** The statement of a text, which may have to be parsed yet. */
  of(text: string, parameters: readonly number[]): Statement {
    const known = this.#byText.get(text)
    if (known) return known
    this.#names += 1
    const statement = new Statement(`s${this.#names}`, text, parameters)
    this.#byText.set(text, statement)
    return statement
  }

  /** Takes note that the server does not know a statement. */
  drop(statement: Statement): void {
    if (this.#byText.get(statement.text) === statement) this.#byText.delete(statement.text)
  }

  /** Takes note that the server knows none. */
  clear(): void {
    this.#byText.clear()
  }

  /** Empties the cache if it is stale, and returns the names to close at the server. */
  takeStale(): string[] {
    if (this.#version === this.catalog.version) return []
    this.#version = this.catalog.version
    const names = Array.from(this.#byText.values(), (statement) => statement.name)
    this.#byText.clear()
    return names
  }

  /** Takes note of a command that was run. */
  saw(tag: string): void {
    if (/^(ALTER|CREATE|DROP|DO$)/.test(tag)) {
      this.catalog.forget()
      this.#schemaChangeOpen = true
    } else if (tag === 'ROLLBACK' || tag === 'COMMIT') {
      // Another connection may have prepared before the commit; what was prepared before a rollback is stale again.
      if (this.#schemaChangeOpen) this.catalog.forget()
      this.#schemaChangeOpen = false
    }
  }
}
