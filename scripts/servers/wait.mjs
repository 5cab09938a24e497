import { setTimeout as pause } from 'node:timers/promises'

const everyMs = 20

/**
 * Asks until the answer is true.
 *
 * @param what the condition in words, for the error
 * @throws when the deadline has passed
 */
export async function until(what, ms, ask) {
  const end = performance.now() + ms
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`Still not after ${ms} ms: ${what}`)
    await pause(everyMs)
  }
}
