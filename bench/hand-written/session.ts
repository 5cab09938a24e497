import { createHash } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import { Client } from 'pg'

export type Rows = Record<string, string | number>[]

/** One session of a database. */
export interface Session {
  script(text: string): Promise<void>
  read(text: string, values: readonly unknown[]): Promise<Rows>
  transaction(work: (run: Run) => Promise<void>): Promise<void>
  close(): Promise<void>
}

/** PGlite has one session: transactions and single statements take turns. bigint comes as text, as drivers give it. */
export class TurnTaking implements Session {
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

/** A connection of its own to a server, with prepared statements. */
export class ServerSession implements Session {
  readonly #client: Client

  private constructor(client: Client) {
    this.#client = client
  }

  static async open(url: string): Promise<ServerSession> {
    const client = new Client({ connectionString: url })
    await client.connect()
    return new ServerSession(client)
  }

  async script(text: string): Promise<void> {
    await this.#client.query(text)
  }

  async read(text: string, values: readonly unknown[]): Promise<Rows> {
    const name = createHash('sha1').update(text).digest('hex')
    return (await this.#client.query<Rows[number]>({ name, text, values: [...values] })).rows
  }

  async transaction(work: (run: Run) => Promise<void>): Promise<void> {
    await this.#client.query('begin')
    await work((text, values) => this.read(text, values))
    await this.#client.query('commit')
  }

  close(): Promise<void> {
    return this.#client.end()
  }
}
