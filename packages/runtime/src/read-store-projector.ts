import { isFinal, type Leading, lead } from './leading.ts'
import { type ReadStore, ReadStoreError } from './ports/read-store.ts'
import { releaseHold, takeOver } from './positions.ts'
import { follow, type ReadStoreSource } from './read-store-session.ts'
import type { Service } from './service.ts'
import { Trouble } from './trouble.ts'

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
  readonly #stop = new AbortController()
  readonly #trouble: Trouble
  #leading: Leading | undefined

  constructor(service: Service, store: ReadStore, source: ReadStoreSource) {
    this.#service = service
    this.#store = store
    this.#source = source
    this.#consumer = `${service.name}.read-store`
    this.#trouble = new Trouble(service.name, this.#consumer, service.ports)
  }

  /** Why the read store stands still; null when all is well. It makes reads slower, and nothing else. */
  get trouble(): string | null {
    return this.#trouble.text
  }

  /** Begins as soon as this instance holds the lease; resolves then, or when it is in trouble. */
  start(): Promise<void> {
    this.#leading = lead(this.#service.ports.leases, this.#consumer, this.#stop.signal, {
      work: (until, begun) => this.#work(until, begun),
      troubled: (error) => this.#trouble.pause(error, this.#stop.signal),
      standingBy: () => this.#trouble.over(),
    })
    return this.#leading.begun
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#leading?.ended
  }

  async #work(until: AbortSignal, begun: () => void): Promise<void> {
    const { name, ports } = this.#service
    const hold = await takeOver(ports.database, name, this.#consumer, [name])
    begun()
    while (!until.aborted) {
      try {
        await follow(this.#service, this.#store, this.#source, hold, until, () => this.#trouble.over())
      } catch (error) {
        if (isFinal(error)) throw error
        if (!(error instanceof ReadStoreError && error.ended)) await this.#trouble.pause(error, until)
      }
    }
    await releaseHold(ports.database, name, hold)
  }
}
