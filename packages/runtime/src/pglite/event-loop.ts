import { performance } from 'node:perf_hooks'
import { nextTick } from 'node:process'
import { setImmediate } from 'node:timers'

/** So long may database work keep sockets and timers waiting, in milliseconds: PGlite blocks the thread that it runs on. */
const LONGEST_STRETCH_MS = 5

/** Watches how long the event loop has not turned. One for each process would do; one for each database is simpler. */
export class EventLoop {
  #since: number | undefined

  /**
   * Calls back when everything that can run now has run: after all microtasks, which is when the statements of one turn have
   * been issued; after a turn of the event loop if the last one is too long ago.
   */
  endOfTurn(callback: () => void): void {
    queueMicrotask(() => (this.#isOverdue() ? setImmediate(callback) : nextTick(callback)))
  }

  /** Lets the event loop turn if the last turn is too long ago. */
  async breathe(): Promise<void> {
    if (this.#isOverdue()) await new Promise((resolve) => setImmediate(resolve))
  }

  #isOverdue(): boolean {
    if (this.#since !== undefined) return performance.now() - this.#since >= LONGEST_STRETCH_MS
    this.#since = performance.now()
    setImmediate(() => {
      this.#since = undefined
    })
    return false
  }
}
