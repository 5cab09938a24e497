import type { Consumer } from './client.ts'
import { reasonOf } from './trouble.ts'

/** The place behind a handled record. */
export interface Offset {
  readonly partition: number
  readonly next: bigint
  /** -1: not known. */
  readonly leaderEpoch: number
}

const EARLIEST = -2n

/** What `Offsets` tells. */
export interface OffsetListener {
  /** Something went wrong, in words; it is tried again. */
  trouble(text: string): void
  /** Of a partition, records from `first` up to `next` are gone that nobody handled. */
  lost(partition: number, first: bigint, next: bigint): void
}

/**
 * Commits offsets off the hot path: one commit in flight, and what is handled meanwhile goes with the next.
 *
 * An offset may go back (records come twice after a rebalance, and low offsets are new ones after a topic was cut): that
 * only brings records again. It never passes a record that nobody handled, for a partition's records are handled in order
 * from a committed offset on.
 */
export class Offsets {
  readonly #consumer: Consumer
  readonly #topic: string
  readonly #listener: OffsetListener
  readonly #waiting = new Map<number, Offset>()
  readonly #handled = new Set<number>()
  #work: Promise<void> | undefined
  /** Whether it is being found out where the partitions begin: nothing is committed meanwhile that would hide a gap. */
  #beginning = false

  constructor(consumer: Consumer, topic: string, listener: OffsetListener) {
    this.#consumer = consumer
    this.#topic = topic
    this.#listener = listener
  }

  /** Remembers offsets to commit, in the order in which their records were handled. */
  handled(offsets: readonly Offset[]): void {
    for (const offset of offsets) {
      this.#waiting.set(offset.partition, offset)
      this.#handled.add(offset.partition)
    }
    this.#work ??= this.#run()
  }

  /** The group is at rest again: what was held back goes out. */
  rejoined(): void {
    this.#work ??= this.#run()
  }

  /** Waits until all is committed that was handled, or a commit has failed. */
  async settled(): Promise<void> {
    await this.#work
  }

  /**
   * Commits the start of those assigned partitions that have no offset yet. Without one, a position is not reset when the
   * partition comes back from another instance, and a group whose first record is old starts anew with each retention.
   *
   * Also says where records are gone that nobody handled: the client reads on at the first that is there. Until it has been
   * found out, nothing is committed.
   *
   * @throws what the client throws; then it is to be called again
   */
  async begin(): Promise<void> {
    const partitions = this.owned()
    if (partitions.length === 0) return
    this.#beginning = true
    const committed = await this.#consumer.listCommittedOffsets({ topics: [{ topic: this.#topic, partitions }] })
    const starts = await this.#consumer.listOffsets({ topics: [this.#topic], timestamp: EARLIEST })
    for (const partition of partitions) {
      const next = starts.get(this.#topic)?.[partition]
      const at = committed.get(this.#topic)?.[partition] ?? -1n
      if (next === undefined || at >= next) continue
      if (at >= 0n) this.#listener.lost(partition, at, next)
      // What was handled meanwhile is further on.
      else if (!this.#handled.has(partition)) this.#waiting.set(partition, { partition, next, leaderEpoch: -1 })
    }
    this.#beginning = false
    if (this.#waiting.size > 0) this.#work ??= this.#run()
  }

  /** The partitions that are ours just now. */
  owned(): number[] {
    return this.#consumer.assignments?.find(({ topic }) => topic === this.#topic)?.partitions ?? []
  }

  async #run(): Promise<void> {
    // Gathers what is handled in this turn.
    await Promise.resolve()
    // During a join a commit would be refused, whereupon the client joins by itself: when it leads the group, that makes
    // all others join anew, and so on each second (seen with two members under load).
    while (this.#waiting.size > 0 && !this.#beginning && this.#consumer.isActive()) {
      // The broker does not ask whose a partition is: what belongs to another instance by now is left to it.
      const owned = new Set(this.owned())
      const offsets = [...this.#waiting.values()].filter(({ partition }) => owned.has(partition))
      this.#waiting.clear()
      if (offsets.length === 0) break
      try {
        await this.#consumer.commit({
          offsets: offsets.map(({ partition, next, leaderEpoch }) => ({
            topic: this.#topic,
            partition,
            offset: next,
            leaderEpoch,
          })),
        })
      } catch (error) {
        for (const offset of offsets) if (!this.#waiting.has(offset.partition)) this.#waiting.set(offset.partition, offset)
        this.#listener.trouble(`offsets were not committed: ${reasonOf(error)}`)
        break
      }
    }
    this.#work = undefined
  }
}
