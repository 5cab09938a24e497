import { DatabaseError, isTooSlow } from '../ports/database.ts'

/** So many different keys that fail alike, with no success between, are an outage or a bad deploy, not poison. */
const outageKeys = 3
/** Failures older than this say nothing about now. */
const windowMs = 30_000

/** What is left of an error when the particulars (numbers, ids, quoted values) are gone. */
export function signatureOf(error: unknown): string {
  if (error instanceof DatabaseError) return `SQLSTATE ${error.code} ${error.constraint ?? ''}`.trim()
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) }
  return `${name}: ${message.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+|"[^"]*"|'[^']*'/gi, '?')}`
}

/** An error in one line of words, for operators and for the dead letter. */
export const errorText = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 2_000)

/** Tells poison from an outage: remembers who failed how, per message type, until a message of that type is handled. */
export class Failures {
  readonly #keys = new Map<string, Map<string, number>>()
  readonly #outages = new Set<string>()

  /**
   * Notes a failure of one message alone; answers whether different keys now fail alike. What takes too long is the message's
   * doing only if others were handled since the last that did: a server at its limits is slow for all of them.
   */
  isOutage(type: string, key: string, error: unknown, now: number): boolean {
    const name = `${type} ${signatureOf(error)}`
    const known = this.#keys.get(name)
    const keys = known ?? new Map<string, number>()
    this.#keys.set(name, keys)
    for (const [other, at] of keys) if (now - at > windowMs) keys.delete(other)
    keys.set(key, now)
    const isOutage = keys.size >= outageKeys || (isTooSlow(error) && known !== undefined)
    if (isOutage) this.#outages.add(name)
    return isOutage
  }

  /** Whether different keys failed alike, however long ago, and nothing of that type has been handled since. */
  wasOutage(type: string, error: unknown): boolean {
    return this.#outages.has(`${type} ${signatureOf(error)}`)
  }

  /** Messages of these types were handled: what failed before was about the messages, not about the service. */
  succeeded(types: Iterable<string>): void {
    if (this.#keys.size === 0) return
    for (const type of types) {
      for (const name of this.#keys.keys()) {
        if (!name.startsWith(`${type} `)) continue
        this.#keys.delete(name)
        this.#outages.delete(name)
      }
    }
  }
}

/** Attempts of one message before it is dead, and the wait before attempt n+1: 50 ms doubling up to 30 s, half of it by chance. */
export const maxAttempts = 8
export const backoff = (attempts: number, random: number): number => Math.min(30_000, 50 * 2 ** attempts) * (0.5 + random / 2)
