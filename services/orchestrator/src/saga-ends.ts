import { feedMailbox, type Signals, type Work } from '@comptoir/runtime'
import { type End, readEnds } from './driven-sagas.ts'

/** Without a signal, look this often. In milliseconds. */
const pollMs = 20

/** Requests that wait for the ends of sagas: all of them together ask one question per look, and only while any waits. */
export class SagaEnds {
  readonly #work: Work
  readonly #signals: Signals
  readonly #waiting = new Map<string, Set<(end: End | undefined) => void>>()
  #looking = false
  #stopped = false

  constructor(work: Work, signals: Signals) {
    this.#work = work
    this.#signals = signals
  }

  /** How the saga has ended; undefined when it has not after `ms` milliseconds, or when this process stops. */
  of(saga: string, ms: number): Promise<End | undefined> {
    if (this.#stopped) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const waiters = this.#waiting.get(saga) ?? new Set()
      this.#waiting.set(saga, waiters)
      const finish = (end: End | undefined) => {
        clearTimeout(timer)
        waiters.delete(finish)
        if (waiters.size === 0) this.#waiting.delete(saga)
        resolve(end)
      }
      const timer = setTimeout(() => finish(undefined), ms)
      waiters.add(finish)
      if (!this.#looking) void this.#look()
    })
  }

  /** Nobody waits any more: the sagas go on without this process. */
  stop(): void {
    this.#stopped = true
    this.#tell([...this.#waiting.keys()], () => undefined)
  }

  async #look(): Promise<void> {
    this.#looking = true
    while (this.#waiting.size > 0) {
      // Every end is told to the feed, by a signal as by a message.
      const mark = this.#signals.seen(feedMailbox)
      const asked = [...this.#waiting.keys()]
      // While the database does not answer, nothing is known: they go on waiting.
      const ends = await readEnds(this.#work, asked).catch(() => new Map<string, End>())
      this.#tell([...ends.keys()], (saga) => ends.get(saga))
      if (this.#waiting.size > 0) await this.#signals.wait(feedMailbox, mark, pollMs)
    }
    this.#looking = false
  }

  #tell(sagas: readonly string[], end: (saga: string) => End | undefined): void {
    for (const saga of sagas) for (const finish of [...(this.#waiting.get(saga) ?? [])]) finish(end(saga))
  }
}
