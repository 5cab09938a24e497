import type { Signals } from '@comptoir/runtime'

/** Somebody who waits: for a signal, or until a time. */
export interface Sleeper {
  readonly name: string
  /** When its wait is over, in milliseconds since the simulation began. */
  readonly until: number
  /** What it waits for was sent. */
  ready: boolean
  wake(): void
}

/** The signals of one process. Whoever waits is woken by the simulation, when its turn has come, and by nothing else. */
export class SimulatedSignals implements Signals {
  readonly #elapsed: () => number
  readonly #counts = new Map<string, number>()
  readonly #sleepers = new Set<Sleeper>()

  /** @param elapsed milliseconds since the simulation began */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed
  }

  /** Those who wait, the first one first. */
  get sleepers(): readonly Sleeper[] {
    return [...this.#sleepers]
  }

  send(names: Iterable<string>): void {
    for (const name of names) {
      this.#counts.set(name, this.seen(name) + 1)
      for (const sleeper of this.#sleepers) if (sleeper.name === name) sleeper.ready = true
    }
  }

  claim(): () => void {
    return () => {}
  }

  seen(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  wait(name: string, seen: number, ms: number, abort?: AbortSignal): Promise<void> {
    if (this.seen(name) !== seen || abort?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(sleeper)
        abort?.removeEventListener('abort', wake)
        resolve()
      }
      const sleeper: Sleeper = { name, until: this.#elapsed() + ms, ready: false, wake }
      this.#sleepers.add(sleeper)
      abort?.addEventListener('abort', wake)
    })
  }
}
