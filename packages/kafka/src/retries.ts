/** Short troubles are none: a broker that restarts is away for some attempts. */
const PATIENCE = 10
/** Attempts follow each other faster than that, in milliseconds: what has been quiet for so long has ended. */
const QUIET_MS = 500

/** What the client is trying again and again: it does so in silence. */
export class Retries {
  /** When each was tried last. */
  readonly #struggling = new Map<string, number>()
  readonly #changed: (trouble: string | null) => void
  readonly #now: () => number

  constructor(changed: (trouble: string | null) => void, now: () => number = () => performance.now()) {
    this.#changed = changed
    this.#now = now
  }

  /** The client tries an operation again, after this failure. */
  tried(operation: string, attempt: number, reason = 'no reason was told'): void {
    if (attempt < PATIENCE) return
    if (!this.#struggling.has(operation)) this.#changed(`${operation} has been tried ${attempt} times: ${reason}`)
    this.#struggling.set(operation, this.#now())
  }

  /** A heartbeat went through, and with it all that was troubled and is not tried any more. */
  beaten(): void {
    if (this.#struggling.size === 0) return
    for (const [operation, tried] of this.#struggling) if (tried < this.#now() - QUIET_MS) this.#struggling.delete(operation)
    if (this.#struggling.size === 0) this.#changed(null)
  }

  /** A new beginning. */
  clear(): void {
    this.#struggling.clear()
  }
}
