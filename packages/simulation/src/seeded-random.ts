/** Chance by a seed: the same seed draws the same numbers, on every machine. */
export class SeededRandom {
  #state: number

  /** @param seed an integer; of others the low 32 bits of the integer part count */
  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** A number in [0, 1). */
  next(): number {
    // mulberry32: 32 bits of state are plenty for the choices of a test, and it is the same everywhere.
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer from 0 to `below`, exclusive. */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }

  /** Another sequence, which draws nothing from this one any more. */
  fork(): SeededRandom {
    return new SeededRandom(this.below(2 ** 32))
  }
}
