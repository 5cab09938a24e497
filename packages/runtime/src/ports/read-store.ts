/** One entry of a read model: whole, with the version of the row that it shows. */
export interface Entry {
  readonly id: number
  readonly version: number
  /** Field names and their texts. */
  readonly fields: Readonly<Record<string, string>>
}

/**
 * The ReadStore port: a read model that is quick and may be lost at any time. It is never asked for the truth: what it does
 * not hold is read from the write side, and when it is away everything is.
 */
export interface ReadStore {
  /**
   * The entries of these ids in their order; undefined where there is none.
   *
   * @throws ReadStoreError within a few hundred milliseconds when the store is away
   */
  read(kind: string, ids: readonly number[]): Promise<(Entry | undefined)[]>
  /** Writes whole entries, none over a newer version of it. @throws ReadStoreError */
  write(kind: string, entries: readonly Entry[]): Promise<void>
  /** Drops entries, so that the next read of them goes to the write side. @throws ReadStoreError */
  drop(kind: string, ids: readonly number[]): Promise<void>
  /**
   * Changes whenever the store may have lost entries (it was emptied, restarted empty, or another took its place): what was
   * written under an earlier one must be written again. @throws ReadStoreError
   */
  generation(): Promise<string>
  close(): Promise<void>
}

/** The read store is away or refuses. */
export class ReadStoreError extends Error {
  override readonly name = 'ReadStoreError'
}
