/** Lets one task in at a time, in the order in which they came. */
export class Turnstile {
  #last: Promise<void> = Promise.resolve()

  async pass<T>(task: () => Promise<T>): Promise<T> {
    const before = this.#last
    const { promise, resolve } = openPromise()
    this.#last = promise
    await before
    try {
      return await task()
    } finally {
      resolve()
    }
  }
}

function openPromise(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
