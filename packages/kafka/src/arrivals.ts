/**
 * Wakes who waits for a change. Changes are counted, so that one which comes while nobody waits is not lost: the next wait
 * ends at once.
 */
export class Arrivals {
  #changes = 0
  #seen = 0
  readonly #waiting = new Set<() => void>()

  changed(): void {
    this.#changes += 1
    for (const wake of [...this.#waiting]) wake()
  }

  next(ms: number, abort?: AbortSignal): Promise<void> {
    if (this.#changes !== this.#seen || abort?.aborted) {
      this.#seen = this.#changes
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        abort?.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        this.#seen = this.#changes
        resolve()
      }
      const timer = setTimeout(wake, ms)
      abort?.addEventListener('abort', wake)
      this.#waiting.add(wake)
    })
  }
}
