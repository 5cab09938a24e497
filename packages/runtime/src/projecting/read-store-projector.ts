import { Leader } from '../leading/leader.ts'
import { isFinal } from '../leading/leading.ts'
import { releaseHold, takeOver } from '../log/positions.ts'
import { type ReadStore, ReadStoreError } from '../ports/read-store.ts'
import type { Service } from '../service.ts'
import { follow, type ReadStoreSource } from './read-store-session.ts'

export { enteredSignal, type ReadStoreSource, vouchMs } from './read-store-session.ts'

/**
 * Keeps a read store as the tables of a service's read model are, with a position and a lease of its own. Nothing waits for
 * it: while the store is away, the tables answer, and it goes on where it was.
 */
export class ReadStoreProjector {
  readonly #service: Service
  readonly #store: ReadStore
  readonly #source: ReadStoreSource
  readonly #consumer: string
  readonly #leader: Leader

  constructor(service: Service, store: ReadStore, source: ReadStoreSource) {
    this.#service = service
    this.#store = store
    this.#source = source
    this.#consumer = `${service.name}.read-store`
    this.#leader = new Leader(service, this.#consumer, (until, begun) => this.#work(until, begun))
  }

  /** Why the read store stands still; null when all is well. It makes reads slower, and nothing else. */
  get trouble(): string | null {
    return this.#leader.trouble.text
  }

  /** Begins as soon as this instance holds the lease; resolves then, or when it is in trouble. */
  start(): Promise<void> {
    return this.#leader.start()
  }

  stop(): Promise<void> {
    return this.#leader.stop()
  }

  async #work(until: AbortSignal, begun: () => void): Promise<void> {
    const { name, ports } = this.#service
    const hold = await takeOver(ports.database, name, this.#consumer, [name])
    begun()
    while (!until.aborted) {
      try {
        await follow(this.#service, this.#store, this.#source, hold, until, () => this.#leader.trouble.over())
      } catch (error) {
        if (isFinal(error)) throw error
        if (!(error instanceof ReadStoreError && error.ended)) await this.#leader.trouble.pause(error, until)
      }
    }
    await releaseHold(ports.database, name, hold)
  }
}
