/** Counts what is under way, so that a close can wait for its end. */
export class Underway {
  #count = 0
  #whenNone: (() => void)[] = []

  async run<T>(task: () => Promise<T>): Promise<T> {
    this.#count += 1
    try {
      return await task()
    } finally {
      this.#count -= 1
      if (this.#count === 0) for (const resolve of this.#whenNone.splice(0)) resolve()
    }
  }

  async none(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#whenNone.push(resolve))
  }
}
