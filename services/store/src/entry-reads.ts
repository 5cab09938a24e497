import { enteredSignal, type ReadEntry, type ReadStore, ReadStoreError, type Signals, vouchMs } from '@comptoir/runtime'
import type { WrittenVersion } from './read-your-writes.ts'

/** The kinds of entries. */
export type Kind = 'stock' | 'order'

/** A row as the tables have it. */
export interface Found<T> {
  readonly id: number
  readonly version: number
  readonly value: T
  /** As the read store shows it; undefined when the read model's own tables do not show it yet. */
  readonly entry: ReadEntry | undefined
}

/** After an error the store is left alone for so long, lest one that hangs costs every request its time-out. */
const restMs = 1_000
/** What it answered then is told for so long, if nobody reads meanwhile. */
const toldMs = 10_000
/** After this time nobody is shown what was older: every vouching from before has ended. */
const certainMs = vouchMs + 50
/** Without a signal, look this often. */
const pollMs = 20

/**
 * Reads by id from a read store, and from the tables what it does not show. Neither ever shows anybody an older version than
 * the other has shown before:
 * - Entries are shown only while their projection vouches for them, so that a write which everybody waited out is in them.
 * - What the tables have answered is put into the store before it is shown, or, where the tables have it only from the write
 *   side, nothing older is let in any more.
 * - When the store could not be told so, this process does not read it again until every vouching from before has ended.
 *
 * No error of the store is anybody's but the operator's.
 */
export class EntryReads {
  readonly #store: ReadStore
  readonly #signals: Signals
  readonly #signal: string
  /** The store is asked again from then on; 0 while it answers. */
  #restUntil = 0
  #trouble: string | null = null
  /** When something was last shown that the store was not told of. */
  #untoldAt = Number.NEGATIVE_INFINITY

  /** @param service the service whose read store it is */
  constructor(service: string, store: ReadStore, signals: Signals) {
    this.#store = store
    this.#signals = signals
    this.#signal = enteredSignal(service)
  }

  /** Why the store did not answer when it was last asked; null when it did, or when that was long ago. */
  get trouble(): string | null {
    return performance.now() < this.#restUntil + toldMs ? this.#trouble : null
  }

  /**
   * What is shown of these ids; absent where there is nothing.
   *
   * @param decode what an entry shows; undefined when it cannot be read
   * @param find what the tables have of the others
   */
  async read<T>(
    kind: Kind,
    ids: readonly number[],
    decode: (entry: ReadEntry) => T | undefined,
    find: (ids: readonly number[]) => Promise<readonly Found<T>[]>,
  ): Promise<Map<number, T>> {
    const trusted = performance.now() - this.#untoldAt > certainMs
    const reading = await this.#ask(() => this.#store.readVouched(kind, ids))
    const shown = new Map<number, T>()
    for (const entry of trusted && reading ? reading.entries : []) {
      const value = entry && decode(entry)
      if (entry && value !== undefined) shown.set(entry.id, value)
    }
    const missing = ids.filter((id) => !shown.has(id))
    if (missing.length === 0) return shown
    const found = await find(missing)
    const told = reading && (await this.#ask(() => this.#tell(kind, found, reading.generation)))
    if (!told) this.#untoldAt = performance.now()
    for (const { id, value } of found) shown.set(id, value)
    return shown
  }

  /** Resolves when the store holds each at the version given or a later one, or when nobody is shown any more what was older. */
  async reached(kind: Kind, versions: readonly WrittenVersion[]): Promise<void> {
    const end = performance.now() + certainMs
    for (;;) {
      const mark = this.#signals.seen(this.#signal)
      if (await this.#holds(kind, versions)) return
      const left = end - performance.now()
      if (left <= 0) return
      await this.#signals.wait(this.#signal, mark, Math.min(left, pollMs))
    }
  }

  async #holds(kind: Kind, versions: readonly WrittenVersion[]): Promise<boolean> {
    const ids = versions.map(({ id }) => id)
    const entries = await this.#ask(() => this.#store.read(kind, ids))
    return entries !== undefined && versions.every(({ version }, index) => (entries[index]?.version ?? 0) >= version)
  }

  async #tell(kind: Kind, found: readonly Found<unknown>[], generation: string): Promise<true> {
    const entered = found.flatMap(({ entry }) => entry ?? [])
    const dropped = found.filter(({ entry }) => !entry)
    try {
      await Promise.all([this.#store.write(kind, entered, generation), this.#store.drop(kind, dropped)])
    } catch (error) {
      if (!(error instanceof ReadStoreError && error.ended)) throw error
      // Under the next generation somebody may have read what was before this.
      await this.#store.drop(kind, found)
    }
    return true
  }

  /** The store's answer; undefined while it is away. */
  async #ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    const now = performance.now()
    if (now < this.#restUntil) return undefined
    // One request finds out whether it is back.
    if (this.#restUntil > 0) this.#restUntil = now + restMs
    try {
      const answer = await question()
      this.#restUntil = 0
      this.#trouble = null
      return answer
    } catch (error) {
      if (!(error instanceof ReadStoreError)) throw error
      this.#restUntil = performance.now() + restMs
      this.#trouble = error.message
      return undefined
    }
  }
}
