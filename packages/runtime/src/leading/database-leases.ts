import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../ports/database.ts'
import type { Lease, Leases } from '../ports/leases.ts'

/** How long a lease lasts without being renewed, and how often it is renewed. The server's clock decides; ours only measures spans. */
const leaseMs = 3_000
const renewMs = 1_000
/** The holder stops so long before the end: the transaction in hand may still go on, and clocks do not run alike. */
const marginMs = 500
/** How often a waiting instance looks, when the holder gives its lease back before its time. */
const lookMs = 500
/** Transactions younger than this belong to a holder that still runs: it has renewed its lease since. */
const frozenSeconds = 1

/**
 * Leases as rows of the service's schema. Whoever takes a lease over from a holder that did not give it back ends that
 * holder's open transactions, because a frozen process keeps its row locks.
 *
 * @param instance the application_name of this instance's connections, different for each
 */
export class DatabaseLeases implements Leases {
  readonly #database: Database
  readonly #schema: string
  readonly #instance: string

  constructor(database: Database, schema: string, instance: string) {
    this.#database = database
    this.#schema = schema
    this.#instance = instance
  }

  async acquire(name: string, abort: AbortSignal, taken?: () => void): Promise<Lease | undefined> {
    while (!abort.aborted) {
      const began = performance.now()
      const got = await this.#take(name).catch(() => undefined)
      if (got?.epoch !== undefined) {
        const lease = new HeldLease(this.#database, this.#schema, name, got.epoch, began)
        if (!abort.aborted && !lease.isOver) return lease
        // A process that stood still until its answer was old must not fence whoever holds it by now.
        await lease.release()
        continue
      }
      if (got?.waitMs !== undefined) taken?.()
      await pause(Math.min(got?.waitMs ?? lookMs, lookMs), undefined, { signal: abort }).catch(() => {})
    }
    return undefined
  }

  /** Takes the lease when it is free; answers its epoch, or how long it lasts. */
  async #take(name: string): Promise<{ epoch?: number; waitMs?: number }> {
    const [before] = await this.#database.query<{ holder: string; wait_ms: number }>(
      `select holder, greatest(0, extract(epoch from expires - comptoir.now()) * 1000)::float8 as wait_ms from ${this.#schema}.lease where name = $1`,
      [name],
    )
    if (before && before.wait_ms > 0) return { waitMs: before.wait_ms }
    // Before it is taken: should this fail, the next try does it, too.
    if (before && before.holder !== '' && before.holder !== this.#instance) await this.#endTransactionsOf(before.holder)
    const [row] = await this.#database.query<{ epoch: number }>(
      `insert into ${this.#schema}.lease as l (name, holder, epoch, expires)
       values ($1, $2, 1, comptoir.now() + make_interval(secs => $3))
       on conflict (name) do update set holder = excluded.holder, epoch = l.epoch + 1, expires = excluded.expires
       where l.expires <= comptoir.now()
       returning epoch`,
      [name, this.#instance, leaseMs / 1_000],
    )
    return row ? { epoch: row.epoch } : {}
  }

  async #endTransactionsOf(holder: string): Promise<void> {
    await this.#database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = $1 and datname = current_database() and state <> 'idle' and xact_start < clock_timestamp() - make_interval(secs => $2)`,
      [holder, frozenSeconds],
    )
  }
}

class HeldLease implements Lease {
  readonly #database: Database
  readonly #schema: string
  readonly #name: string
  readonly #epoch: number
  readonly #lost = new AbortController()
  #timer: NodeJS.Timeout | undefined
  /** When this process last asked for time and got it: the lease lasts at least from then on. */
  #since: number

  constructor(database: Database, schema: string, name: string, epoch: number, since: number) {
    this.#database = database
    this.#schema = schema
    this.#name = name
    this.#epoch = epoch
    this.#since = since
    this.#renewLater()
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get isOver(): boolean {
    return this.#left() === 0
  }

  async release(): Promise<void> {
    clearTimeout(this.#timer)
    this.#lost.abort()
    // When it cannot be given back it runs out.
    await this.#database
      .query(`update ${this.#schema}.lease set holder = '', expires = comptoir.now() where name = $1 and epoch = $2`, [
        this.#name,
        this.#epoch,
      ])
      .catch(() => {})
  }

  #renewLater(): void {
    this.#timer = setTimeout(() => void this.#renew(), Math.min(renewMs, this.#left()))
    this.#timer.unref()
  }

  async #renew(): Promise<void> {
    const asked = performance.now()
    const rows = await Promise.race([
      this.#database
        .query(
          `update ${this.#schema}.lease set expires = comptoir.now() + make_interval(secs => $3) where name = $1 and epoch = $2 returning 1`,
          [this.#name, this.#epoch, leaseMs / 1_000],
        )
        .catch(() => undefined),
      pause(this.#left(), undefined, { ref: false }),
    ])
    if (this.#lost.signal.aborted) return
    if (rows?.length === 1) this.#since = asked
    if (rows?.length === 0 || this.#left() === 0) this.#lost.abort()
    else this.#renewLater()
  }

  /** For how many milliseconds the holder may go on without having renewed it. */
  #left(): number {
    return Math.max(0, this.#since + leaseMs - marginMs - performance.now())
  }
}
