/** Resolves when the promise has settled, either way, but after `ms` milliseconds at the latest. */
export function settledWithin(ms: number, promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    promise.then(finish, finish)
  })
}
