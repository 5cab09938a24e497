/** A row as a write left it: its id, and the version that the read model must have reached to show the write. */
export interface WrittenVersion {
  readonly id: number
  readonly version: number
}

/** Whether there was another version before. */
export const hasChanged = ({ version }: Pick<WrittenVersion, 'version'>): boolean => version > 1

/** Lets the answer to a write wait until the writer can read it back, and a read until nobody can read what was before. */
export interface ReadYourWrites {
  /**
   * Resolves when the read model shows every row at the given version or a later one; or after 500 ms, once those entries
   * have been dropped from its tables, so that the next read is answered from the write side, and nobody is shown older ones
   * of a read store any more.
   */
  reached(kind: 'stock' | 'order', versions: readonly WrittenVersion[]): Promise<void>
  /**
   * Resolves when the tables of the read model show every row at the given version or a later one; or after 400 ms, when
   * their projection stands still. For whoever has read the write side because they did not hold the row: a projection under
   * way may bring what was before, and whoever has been shown the newer version would read the older one next.
   */
  caughtUp(kind: 'stock' | 'order', versions: readonly WrittenVersion[]): Promise<void>
}
