import { setTimeout as pause } from 'node:timers/promises'
import type { SagaListener, SagaSystem } from './saga-system.ts'
import type { Trace } from './trace.ts'

/** So long may the last sagas take to end after the load. */
const patienceMs = 60_000

/**
 * Places orders at random moments (a Poisson process) that do not depend on how the system fares: one that is slow for a
 * while gets them all the same, and each counts from the moment it was to be placed.
 */
export class OpenLoad implements SagaListener {
  readonly #trace: Trace
  #open = 0
  #ended: () => void = () => {}
  #failure: { readonly error: unknown } | undefined

  constructor(trace: Trace) {
    this.#trace = trace
  }

  ended(count: number): void {
    this.#open -= count
    if (this.#open === 0) this.#ended()
  }

  failed(error: unknown): void {
    this.#failure ??= { error }
    this.#ended()
  }

  /**
   * Runs until all sagas have ended; the trace holds theirs and no others.
   *
   * @param rate orders per second, on average
   * @throws when a saga fails, or has not ended a minute after the load
   */
  async run(system: SagaSystem, rate: number, seconds: number): Promise<void> {
    this.#trace.clear()
    const begin = performance.now()
    const end = begin + 1_000 * seconds
    let next = begin + gap(rate)
    while (next < end && !this.#failure) {
      const now = performance.now()
      for (; next <= now; next += gap(rate)) {
        const due = next
        this.#open += 1
        system.place((saga) => this.#trace.accepted(saga, due))
      }
      // Whole milliseconds, as timers go: what comes later than it was due counts as the system's.
      await pause(Math.max(1, next - now))
    }
    await this.#end()
  }

  async #end(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve
    })
    const late = new AbortController()
    if (this.#open > 0 && !this.#failure)
      await Promise.race([ended, pause(patienceMs, undefined, { signal: late.signal }).catch(() => {})])
    late.abort()
    if (this.#failure) throw this.#failure.error
    if (this.#open > 0) throw new Error(`${this.#open} sagas have not ended ${patienceMs / 1_000} s after the load`)
  }
}

/** Milliseconds to the next order. */
const gap = (rate: number): number => (-Math.log(1 - Math.random()) * 1_000) / rate
