import { PGlite } from '@electric-sql/pglite'

export type Rows = Record<string, string | number>[]

/** PGlite has one session: transactions and single statements take turns. bigint comes as text, as drivers give it. */
export class TurnTaking {
  readonly #pglite: PGlite
  #last: Promise<void> = Promise.resolve()

  private constructor(pglite: PGlite) {
    this.#pglite = pglite
  }

  static async open(folder: string): Promise<TurnTaking> {
    return new TurnTaking(await PGlite.create(folder, { parsers: { 20: (value: string) => value } }))
  }

  async script(text: string): Promise<void> {
    await this.#turn(() => this.#pglite.exec(text))
  }

  read(text: string, values: readonly unknown[]): Promise<Rows> {
    return this.#turn(() => this.#run(text, values))
  }

  transaction(work: (run: Run) => Promise<void>): Promise<void> {
    return this.#turn(async () => {
      await this.#pglite.exec('begin')
      await work((text, values) => this.#run(text, values))
      await this.#pglite.exec('commit')
    })
  }

  close(): Promise<void> {
    return this.#turn(() => this.#pglite.close())
  }

  async #run(text: string, values: readonly unknown[]): Promise<Rows> {
    return (await this.#pglite.query<Rows[number]>(text, [...values])).rows
  }

  async #turn<T>(task: () => Promise<T>): Promise<T> {
    const before = this.#last
    let done = () => {}
    this.#last = new Promise((resolve) => {
      done = resolve
    })
    await before
    try {
      return await task()
    } finally {
      done()
    }
  }
}

/** Runs a statement in the transaction at hand. */
export type Run = (text: string, values: readonly unknown[]) => Promise<Rows>
