import { keepPartitions, type Ports } from '@comptoir/runtime'

/**
 * Small tables whose rows change all the time. Nothing vacuums an embedded database but we; these cost milliseconds. The
 * large tables are appended to, updated within their pages, and dropped by partition.
 */
const busyTables = [
  'store.saga_open',
  'store.position',
  'payments.position',
  'store.stocks',
  'store_view.stock',
  'store_view.spending',
  'store_view.sold',
]
const vacuumEveryMs = 60_000
const partitionsEveryMs = 3_600_000

/** What an embedded database needs now and then: the partitions of the coming days, the end of the old ones, and vacuum. */
export class Maintenance {
  readonly #ports: Ports
  readonly #services: readonly string[]
  readonly #timers: readonly NodeJS.Timeout[]
  #running: Promise<void> = Promise.resolve()
  /** What went wrong the last time; null when all is well. It is tried again. */
  trouble: string | null = null

  constructor(ports: Ports, services: readonly string[]) {
    this.#ports = ports
    this.#services = services
    this.#timers = [this.#every(vacuumEveryMs, () => this.#vacuum()), this.#every(partitionsEveryMs, () => this.partitions())]
  }

  partitions(): Promise<void> {
    return keepPartitions(this.#ports.database, this.#services, this.#ports.clock.now())
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#running
  }

  async #vacuum(): Promise<void> {
    for (const table of busyTables) await this.#ports.database.query(`vacuum ${table}`)
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
