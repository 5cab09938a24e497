import { type Column, mayRefuse } from '../wire/columns.ts'

/** What the server said of a text. */
export interface Description {
  /** Type OIDs, one per parameter. */
  readonly parameters: readonly number[]
  /** Whether its rows may hold a value that cannot be read. */
  readonly risky: boolean
}

interface Described {
  readonly text: string
  readonly parameters: readonly number[]
  readonly columns: readonly Column[]
}

const plain: Description = { parameters: [], risky: false }
const own = ['begin', 'commit', 'rollback']

/**
 * What is known of SQL texts, for all connections: with the types of its parameters a text can be parsed, bound and executed
 * in one go on a connection that sees it for the first time. Nothing is evicted: texts are constants of the program.
 *
 * It is a guess, because others change the schema too. Each connection asks for the columns when it parses, and a parameter
 * whose type has changed is refused by the server.
 */
export class Catalog {
  readonly #byText = new Map<string, Description>()
  #version = 0

  constructor() {
    this.forget()
  }

  /** Rises with each change of the schema that is noticed: what was prepared before must be prepared anew. */
  get version(): number {
    return this.#version
  }

  get(text: string): Description | undefined {
    return this.#byText.get(text)
  }

  learn({ text, parameters, columns }: Described): void {
    this.#byText.set(text, { parameters, risky: columns.some(mayRefuse) })
  }

  forget(): void {
    this.#version += 1
    this.#byText.clear()
    for (const text of own) this.#byText.set(text, plain)
  }
}
