import type { Database } from '../ports/database.ts'

/** How long a death stays known: whoever gets a share of what the dead one had in hand takes care of it by then. */
const mourningMs = 300_000

/**
 * The instances that consume a mailbox together. One that is here and has no connection any more died over what it had in
 * hand; its application_name, which no other process has, tells.
 */
export class Members {
  readonly #database: Database
  readonly #schema: string
  #known: ReadonlySet<string> = new Set()

  constructor(database: Database, schema: string) {
    this.#database = database
    this.#schema = schema
  }

  async join(): Promise<void> {
    await this.#database.query(
      `insert into ${this.#schema}.member (instance) values (current_setting('application_name'))
       on conflict (instance) do update set died = comptoir.now()`,
    )
  }

  /**
   * It was away, and died over nothing. Of which deaths it has heard does not count any more: what it had in hand has gone to
   * others, and may come back.
   */
  async rejoin(): Promise<void> {
    this.#known = new Set()
    await this.#database.query(
      `insert into ${this.#schema}.member (instance) values (current_setting('application_name'))
       on conflict (instance) do update set died = null`,
    )
  }

  /** It stops between two transactions. */
  async leave(): Promise<void> {
    await this.#database.query(`delete from ${this.#schema}.member where instance = current_setting('application_name')`)
  }

  /** How many have died that this process has not heard of. */
  async deaths(): Promise<number> {
    const rows = await this.#database.query<{ instance: string }>(
      `with gone as (delete from ${this.#schema}.member where died < comptoir.now() - make_interval(secs => $1::float8 / 1000))
       update ${this.#schema}.member as m set died = coalesce(died, comptoir.now())
       where coalesce(died >= comptoir.now() - make_interval(secs => $1::float8 / 1000),
         not exists (select from pg_stat_activity where application_name = m.instance))
       returning instance`,
      [mourningMs],
    )
    const news = rows.filter(({ instance }) => !this.#known.has(instance))
    // Whoever is not dead any more may die again.
    this.#known = new Set(rows.map(({ instance }) => instance))
    return news.length
  }
}
