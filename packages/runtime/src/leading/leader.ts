import type { Service } from '../service.ts'
import { Trouble } from '../trouble.ts'
import { type Leading, type LedWork, lead } from './leading.ts'

/** A piece of work of a service that one instance does at a time, under the lease of its name, and what keeps it from it. */
export class Leader {
  readonly trouble: Trouble
  readonly #service: Service
  readonly #name: string
  readonly #work: LedWork['work']
  readonly #stop = new AbortController()
  #leading: Leading | undefined

  constructor(service: Service, name: string, work: LedWork['work']) {
    this.#service = service
    this.#name = name
    this.#work = work
    this.trouble = new Trouble(service.name, name, service.ports)
  }

  /** Begins as soon as this instance holds the lease; resolves then, or when it is in trouble. */
  start(): Promise<void> {
    const { trouble } = this
    this.#leading = lead(this.#service.ports.leases, this.#name, this.#stop.signal, {
      work: this.#work,
      troubled: (error) => trouble.pause(error, this.#stop.signal),
      standingBy: () => trouble.over(),
    })
    return this.#leading.begun
  }

  /** Resolves when the work has ended. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#leading?.ended
  }
}
