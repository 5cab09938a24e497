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
  /**
   * Writes whole entries, none over a newer version of it.
   *
   * @param generation as it was before the entries were read from the write side
   * @throws ReadStoreError also when it has changed since: an entry may have been lost that was newer than these
   */
  write(kind: string, entries: readonly Entry[], generation: string): Promise<void>
  /**
   * Drops the entries that are older than these versions, so that the next read of them goes to the write side, and lets none
   * older in afterwards: one may be on its way. What is gone for good is dropped with a version above its last.
   *
   * @throws ReadStoreError: they may still be shown
   */
  drop(kind: string, entries: readonly Pick<Entry, 'id' | 'version'>[]): Promise<void>
  /**
   * Changes whenever the store may have lost entries (it was emptied, restarted, or another took its place): those written
   * under an earlier one are read as missing and must be written again. @throws ReadStoreError
   */
  generation(): Promise<string>
  close(): Promise<void>
}

/** The read store is away or refuses. */
export class ReadStoreError extends Error {
  override readonly name = 'ReadStoreError'
}
