import { type Clock, type Database, keepPartitions } from '@comptoir/runtime'
import { Horizon } from './horizon.ts'

/**
 * Small tables whose rows change all the time. Nothing vacuums an embedded database but we; these cost milliseconds. The
 * large tables are appended to, updated within their pages, and dropped by partition.
 */
const busyTables = [
  'store.saga_open',
  'store.position',
  'payments.position',
  'store.stocks',
  'store.order_expiry',
  'orchestrator.saga_open',
  'orchestrator.driving',
  'orchestrator.position',
  'store_view.stock',
  'store_view.spending',
  'store_view.sold',
]
const vacuumEveryMs = 60_000
/**
 * Nothing writes a checkpoint in an embedded database but we: without one, the write-ahead log grows without end, and the
 * start after a killed process reads all of it. So much log is read in about a second; a checkpoint takes 60 to 200 ms.
 */
const checkpointBytes = 64 * 1024 * 1024
const checkpointLookMs = 1_000
const partitionsEveryMs = 3_600_000

const measureEveryMs = 1_000
const horizonEveryMs = 5_000

/** A database, and the services whose schemas stand in it. */
interface Kept {
  readonly database: Database
  readonly names: readonly string[]
}

/**
 * What databases need now and then: partitions; a server, a look at who holds its horizon; an embedded one, where nobody else
 * does it, checkpoints and vacuum.
 */
export class Maintenance {
  readonly #places: readonly Kept[]
  readonly #clock: Clock
  readonly #timers: readonly NodeJS.Timeout[]
  /** Who keeps what is dead from being vacuumed. */
  readonly horizon: Horizon
  #running: Promise<void> = Promise.resolve()
  /** What went wrong the last time; null when all is well. It is tried again. */
  trouble: string | null = null

  /** @param measure called every second, to look how much is to be done */
  constructor(places: readonly Kept[], clock: Clock, embedded: boolean, measure: () => Promise<void>) {
    this.#places = places
    this.#clock = clock
    this.horizon = new Horizon(places.map(({ database }) => database))
    this.#timers = [
      this.#every(partitionsEveryMs, () => this.partitions()),
      this.#every(measureEveryMs, measure),
      ...(embedded
        ? [this.#every(checkpointLookMs, () => this.#checkpoint()), this.#every(vacuumEveryMs, () => this.#vacuum())]
        : [this.#every(horizonEveryMs, () => this.horizon.look())]),
    ]
  }

  async partitions(): Promise<void> {
    for (const { database, names } of this.#places) await keepPartitions(database, names, this.#clock.now())
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#running
  }

  async #checkpoint(): Promise<void> {
    for (const { database } of this.#places) {
      const [log] = await database.query<{ bytes: number }>(
        `select (pg_current_wal_insert_lsn() - redo_lsn)::float8 as bytes from pg_control_checkpoint()`,
      )
      if (log && log.bytes > checkpointBytes) await database.query('checkpoint')
    }
  }

  async #vacuum(): Promise<void> {
    for (const { database } of this.#places) for (const table of busyTables) await database.query(`vacuum ${table}`)
  }

  #every(ms: number, work: () => Promise<void>): NodeJS.Timeout {
    const run = async () => {
      try {
        await work()
        this.trouble = null
      } catch (error) {
        this.trouble = `maintenance failed and is tried again: ${String(error)}`
      }
    }
    return setInterval(() => {
      this.#running = this.#running.then(run)
    }, ms).unref()
  }
}
