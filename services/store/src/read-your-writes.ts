/** A row as a write left it: its id, and the version that the read model must have reached to show the write. */
export interface WrittenVersion {
  readonly id: number
  readonly version: number
}

/** Lets the answer to a write wait until the writer can read it back. */
export interface ReadYourWrites {
  /**
   * Resolves when the read model shows every row at the given version or a later one; or after 500 ms, once those entries
   * have been dropped from its tables, so that the next read is answered from the write side, and nobody is shown older ones
   * of a read store any more.
   */
  reached(kind: 'stock' | 'order', versions: readonly WrittenVersion[]): Promise<void>
}
