import { setTimeout as pause } from 'node:timers/promises'

/** How long a condition may take by default, in milliseconds: far above what it takes on a busy machine. */
const deadlineMs = 20_000
const everyMs = 10

/**
 * Asks until the answer is neither undefined nor false, and returns it.
 *
 * @param what the condition in words, for the error
 * @throws when the deadline has passed
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  ms = deadlineMs,
): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > end) throw new Error(`Still not after ${ms} ms: ${what}`)
    await pause(everyMs)
  }
}

/** The promise's value. @throws when it has none within the time */
export async function within<T>(what: string, promise: Promise<T>, ms = deadlineMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Still not after ${ms} ms: ${what}`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
