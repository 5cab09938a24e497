/** Waits so many milliseconds, or until aborted. */
export function pause(ms: number, abort: AbortSignal): Promise<void> {
  if (abort.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      abort.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    abort.addEventListener('abort', wake)
  })
}

/** Waits for the work, but no longer than so many milliseconds, and not for its success. Answers whether it ended in time. */
export function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms)
    const end = () => {
      clearTimeout(timer)
      resolve(true)
    }
    work.then(end, end)
  })
}
