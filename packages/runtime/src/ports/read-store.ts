/** One entry of a read model: whole, with the version of the row that it shows. */
export interface Entry {
  readonly id: number
  readonly version: number
  /** Field names and their texts. */
  readonly fields: Readonly<Record<string, string>>
}

/** What a store shows of some ids. */
export interface Reading {
  /** As it was before the entries were read: what is missing among them may be written under it. */
  readonly generation: string
  /** In the order of the ids; undefined where there is none that may be shown. */
  readonly entries: readonly (Entry | undefined)[]
}

/**
 * The ReadStore port: a read model that is quick and may be lost at any time. It is never asked for the truth: what it does
 * not hold is read from the write side, and when it is away everything is.
 *
 * What it holds may be behind, or have been out of reach while others answered. So entries are shown only while somebody
 * vouches for them, until a moment by the store's own clock: whoever lets so much time pass knows that nobody is shown what
 * was older.
 */
export interface ReadStore {
  /**
   * The entries of these ids in their order; undefined where there is none.
   *
   * @throws ReadStoreError within a few hundred milliseconds when the store is away
   */
  read(kind: string, ids: readonly number[]): Promise<(Entry | undefined)[]>
  /**
   * The entries of these ids, if anybody vouches for them now.
   *
   * @throws ReadStoreError
   */
  readVouched(kind: string, ids: readonly number[]): Promise<Reading>
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
  /** Ends the generation, so that all entries count as lost; answers the next one. @throws ReadStoreError */
  renew(): Promise<string>
  /** The store's clock, in milliseconds. @throws ReadStoreError */
  now(): Promise<number>
  /**
   * Lets the entries be shown until that moment of the store's clock. Nobody vouches for a new generation.
   *
   * @throws ReadStoreError also when the generation has ended
   */
  vouch(generation: string, until: number): Promise<void>
  close(): Promise<void>
}

/** The read store is away or refuses. */
export class ReadStoreError extends Error {
  override readonly name = 'ReadStoreError'
  /** Whether only the generation has ended: under the next one it can be tried at once. */
  readonly ended: boolean
  constructor(message: string, { ended = false, ...options }: ErrorOptions & { readonly ended?: boolean } = {}) {
    super(message, options)
    this.ended = ended
  }
}
