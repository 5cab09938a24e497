import { setTimeout as pause } from 'node:timers/promises'

/** A bound on how often something is done, by all who share it: turns lie at least so far apart. */
export class Pace {
  readonly #apartMs: number
  #next = 0

  /** @param aSecond how many turns there are in a second, at most */
  constructor(aSecond: number) {
    this.#apartMs = 1_000 / aSecond
  }

  /** Resolves when it is the caller's turn. Turns that nobody took are lost: nobody hurries to make up for an outage. */
  async turn(): Promise<void> {
    const now = performance.now()
    const at = Math.max(now, this.#next)
    this.#next = at + this.#apartMs
    if (at > now) await pause(at - now)
  }
}
