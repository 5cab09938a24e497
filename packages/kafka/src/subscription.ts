import type { Delivery, Loss, Subscription } from '@comptoir/runtime'
import { Arrivals } from './arrivals.ts'
import { toDelivery } from './incoming.ts'
import type { Offset } from './offsets.ts'
import type { FetchedRecord } from './record-client.ts'
import { type Settings, topicOf } from './settings.ts'
import { Share, type ShareListener } from './share.ts'
import { pause } from './waiting.ts'

/** Beyond either, no more is fetched; below half of it, again. What one fetch brings comes on top. */
const FULL_COUNT = 5_000
const FULL_BYTES = 32 * 1_048_576
/** Waits between two shares that both failed, in milliseconds. */
const [SHORTEST_WAIT, LONGEST_WAIT] = [100, 5_000] as const

/** Where a pending delivery came from. */
interface Origin extends Offset {
  readonly share: Share
  readonly bytes: number
  /** When the broker got it, in milliseconds since 1970. */
  readonly timestamp: bigint
}

/**
 * A subscription for ever: when its share of the topic fails, it opens another. What has arrived stays in `pending`
 * whoever owns its partition by now: handling a record twice is harmless, dropping one is not, for the position behind it
 * may have been committed with a later one.
 */
export class KafkaSubscription implements Subscription {
  /** Resolves when it is closed. */
  readonly ended: Promise<void>
  readonly #settings: Settings
  readonly #mailbox: string
  readonly #pending: Delivery[] = []
  /** Beside `pending`. */
  readonly #origins: Origin[] = []
  readonly #losses: Loss[] = []
  readonly #arrivals = new Arrivals()
  readonly #closing = new AbortController()
  #bytes = 0
  #generation = 0
  #trouble: string | null = 'has not joined yet'
  #share: Share | undefined

  constructor(settings: Settings, mailbox: string) {
    this.#settings = settings
    this.#mailbox = mailbox
    this.ended = this.#run()
  }

  get pending(): readonly Delivery[] {
    return this.#pending
  }

  get generation(): number {
    return this.#generation
  }

  get behind(): number {
    return this.#share?.behind ?? 0
  }

  get trouble(): string | null {
    return this.#trouble ?? this.#late
  }

  losses(): readonly Loss[] {
    return this.#losses.splice(0)
  }

  /** What waits for half of the time that the broker keeps it may be gone before it is handled. */
  get #late(): string | null {
    const [oldest] = this.#origins
    if (!oldest) return null
    const [waits, kept] = [Date.now() - Number(oldest.timestamp), oldest.share.retentionMs]
    if (waits <= kept / 2) return null
    return `its oldest message waits for ${hours(waits)}, and the broker keeps it for ${hours(kept)}: find out why it is not handled (comptoir doctor), or give the topic a longer retention.ms`
  }

  arrival(ms: number, abort?: AbortSignal): Promise<void> {
    return this.#arrivals.next(ms, abort)
  }

  handled(count: number): void {
    this.#pending.splice(0, count)
    const handled = this.#origins.splice(0, count)
    for (const { bytes } of handled) this.#bytes -= bytes
    // A share that failed cannot commit: its successor starts at what it did commit, and gets the rest again.
    this.#share?.handled(handled.filter(({ share }) => share === this.#share))
    if (this.#share && this.#pending.length <= FULL_COUNT / 2 && this.#bytes <= FULL_BYTES / 2) this.#share.full = false
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.ended
  }

  async #run(): Promise<void> {
    const closing = this.#closing.signal
    const closed = new Promise<null>((resolve) => closing.addEventListener('abort', () => resolve(null)))
    let wait: number = SHORTEST_WAIT
    while (!closing.aborted) {
      const share = this.#open()
      const reason = await Promise.race([share.failed, closed])
      if (reason !== null) this.#setTrouble(reason)
      await share.close()
      if (reason === null) break
      this.#settings.onTrouble(`reading ${this.#mailbox}: ${reason}`)
      wait = share.joined ? SHORTEST_WAIT : Math.min(2 * wait, LONGEST_WAIT)
      await pause(wait, closing)
    }
    this.#setTrouble('closed')
  }

  #open(): Share {
    const listener: ShareListener = {
      arrived: (records) => this.#arrived(share, records),
      joined: () => {
        this.#generation += 1
        this.#trouble = null
        this.#arrivals.changed()
      },
      lost: (partition, first, next) => this.#lost(partition, first, next),
      struggling: (trouble) => {
        if (trouble !== null || share.joined) this.#setTrouble(trouble)
      },
    }
    const share = new Share(this.#settings, topicOf(this.#settings, this.#mailbox), listener)
    this.#share = share
    this.#checkRoom(share)
    return share
  }

  #arrived(share: Share, records: readonly FetchedRecord[]): void {
    for (const record of records) {
      const { partition, leaderEpoch, timestamp } = record
      const bytes = (record.value?.length ?? 0) + RECORD_OVERHEAD
      this.#bytes += bytes
      this.#pending.push(toDelivery(this.#mailbox, record))
      this.#origins.push({ partition, next: record.offset + 1n, leaderEpoch, share, bytes, timestamp })
    }
    this.#checkRoom(share)
    this.#arrivals.changed()
  }

  #lost(partition: number, first: bigint, next: bigint): void {
    const place = `${topicOf(this.#settings, this.#mailbox)}[${partition}]`
    this.#losses.push({ place, first: Number(first), next: Number(next) })
    this.#settings.onTrouble(
      `${place} has lost ${next - first} messages, from offset ${first} on, before they were handled: its retention is shorter than they waited. Publish them again: comptoir republish --hours N`,
    )
    this.#arrivals.changed()
  }

  #checkRoom(share: Share): void {
    if (this.#pending.length > FULL_COUNT || this.#bytes > FULL_BYTES) share.full = true
  }

  #setTrouble(trouble: string | null): void {
    if (this.#trouble === trouble) return
    this.#trouble = trouble
    this.#arrivals.changed()
  }
}

/** What a delivery takes in memory besides its value, roughly. */
const RECORD_OVERHEAD = 1_024

const hours = (ms: number): string => `${(ms / 3_600_000).toFixed(1)} h`
