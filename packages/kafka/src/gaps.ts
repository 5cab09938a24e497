/**
 * Finds what a partition has lost while it is read: where the broker has deleted what is asked for, the client goes on at the
 * first record that is there, and says nothing.
 */
export class Gaps {
  readonly #next = new Map<number, bigint>()

  /** Partitions may have been read by others meanwhile: each begins where it does. */
  rejoined(): void {
    this.#next.clear()
  }

  /** Records have arrived; answers where the gap before them begins, or undefined: there is none. */
  before(partition: number, first: bigint, next: bigint): bigint | undefined {
    const expected = this.#next.get(partition)
    if (expected === undefined || next > expected) this.#next.set(partition, next)
    return expected !== undefined && first > expected ? expected : undefined
  }
}
