import type { Service } from './service.ts'
import { Trouble } from './trouble.ts'
import type { UnitOfWork } from './unit-of-work.ts'

/** How often it is looked for. In milliseconds. */
const lookMs = 1_000
/** Rows in one transaction, at most: it is short, and others go on meanwhile. */
const limit = 500
/**
 * Between two full sets, so that what follows from very many does not push aside what goes on: a hundred thousand take a
 * minute and a half. In milliseconds.
 */
const paceMs = 400

/**
 * Does what has become due, by rows: in sets, each in a transaction of its own that also takes the row away or puts it off. All
 * instances do, and each skips the rows that another has in hand.
 *
 * @param perform does what is due, at most so many; answers how many there were
 */
export class DueWork {
  readonly #service: Service
  readonly #perform: (unit: UnitOfWork, limit: number) => Promise<number>
  readonly #trouble: Trouble
  readonly #stop = new AbortController()
  #work: Promise<void> | undefined

  /** @param what names it in diagnostics */
  constructor(service: Service, what: string, perform: (unit: UnitOfWork, limit: number) => Promise<number>) {
    this.#service = service
    this.#perform = perform
    this.#trouble = new Trouble(service.name, `${service.name}.${what}`, service.ports)
  }

  /** Why nothing is done just now; null when all is well. */
  get trouble(): string | null {
    return this.#trouble.text
  }

  start(): void {
    this.#work = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#work
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        const done = await this.#service.withoutConflict(() =>
          this.#service.commit((unit) => this.#perform(unit, limit), 'work.beforeCommit', 'work.afterCommit'),
        )
        this.#trouble.over()
        await this.#service.ports.signals.wait('due.never', 0, done < limit ? lookMs : paceMs, signal)
      } catch (error) {
        await this.#trouble.pause(error, signal)
      }
    }
  }
}
