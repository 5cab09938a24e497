import type { Service } from '../service.ts'

/**
 * So long may a database not answer, in milliseconds, until its work is left to instances that may have a way to it. More than
 * a restart of the server takes, for which all of them wait: the work would go round for nothing.
 */
const patienceMs = 10_000
const everyMs = 1_000

/**
 * Asks the database now and then, whether or not there is work. Not the work's own failures count: a lock that is not given
 * up would go with the work from one instance to the next; and a lost way shows where nothing has come yet, too.
 *
 * @returns whether it has not answered for too long; false when aborted
 */
export async function isOutOfReach({ name, ports }: Service, abort: AbortSignal): Promise<boolean> {
  const { clock, database, signals } = ports
  /** When (clock) it was asked what it has not answered since. */
  let asked: number | undefined
  let isWaiting = false
  const ask = async () => {
    isWaiting = true
    try {
      await database.query('select 1')
      asked = undefined
    } catch {
      // The next answer may be a better one; who works says what is wrong.
    } finally {
      isWaiting = false
    }
  }
  while (!abort.aborted) {
    if (asked !== undefined && clock.now() - asked >= patienceMs) return true
    asked ??= clock.now()
    // It may be silent for longer than that.
    if (!isWaiting) void ask()
    await signals.wait(`${name}.never`, 0, everyMs, abort)
  }
  return false
}
