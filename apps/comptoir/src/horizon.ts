import type { Database } from '@comptoir/runtime'
import { warn } from './error-log.ts'

/** A transaction that has an id and has not ended, in whatever database of the server. */
export interface Holder {
  /** The process or the prepared transaction, and the database: what one needs to end it. */
  readonly who: string
  readonly cure: string
  readonly seconds: number
}

/** Those that are open for longer than so many seconds; the one with the oldest id first. */
export const readHolders = (database: Database, seconds: number): Promise<Holder[]> =>
  database.query<Holder>(
    `select who, cure, seconds from (
       select format('process %s in database %s (%s)', pid, datname, state) as who, format('select pg_terminate_backend(%s)', pid) as cure,
         extract(epoch from clock_timestamp() - xact_start)::int as seconds, age(backend_xid) as age
       from pg_stat_activity where backend_xid is not null and xact_start < clock_timestamp() - make_interval(secs => $1)
       union all
       select format('prepared transaction %s in database %s', gid, database), format('there: rollback prepared %L, or commit prepared', gid),
         extract(epoch from clock_timestamp() - prepared)::int, age(transaction)
       from pg_prepared_xacts where prepared < clock_timestamp() - make_interval(secs => $1)
     ) as holders order by age desc, seconds desc`,
    [seconds],
  )

/**
 * In words for the operator, with what it costs: nobody waits for it, but what readers remember of it grows, and so does what is
 * not cleared away.
 */
export const holderText = ({ who, cure, seconds }: Holder): string =>
  `${who} writes since ${seconds} s: rows that died since then are not vacuumed, readers look again for what it may still say, their positions and the logs' partitions stay, and after a takeover all since then is read again: end it (${cure})`

/** A transaction of ours ends within 100 ms, and whoever idles in one is cut off after 2 s. */
const longSeconds = 5

/** Looks now and then whether something holds the horizon of the servers, and tells operators once of each that does. */
export class Horizon {
  readonly #databases: readonly Database[]
  #told: ReadonlySet<string> = new Set()
  #seconds = 0

  constructor(databases: readonly Database[]) {
    this.#databases = databases
  }

  /** For how long the oldest holder had been open at the last look; 0: there was none. */
  get seconds(): number {
    return this.#seconds
  }

  async look(): Promise<void> {
    // Databases of one server show the same.
    const found = await Promise.all(this.#databases.map((database) => readHolders(database, longSeconds)))
    const holders = new Map(found.flat().map((holder) => [holder.cure, holder]))
    for (const [cure, holder] of holders)
      if (!this.#told.has(cure)) warn('a transaction holds the horizon', { holder: holderText(holder) })
    this.#told = new Set(holders.keys())
    this.#seconds = Math.max(0, ...[...holders.values()].map(({ seconds }) => seconds))
  }
}
