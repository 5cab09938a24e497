import { findErrorBy, type MessagesStream } from './client.ts'
import { Gaps } from './gaps.ts'
import { Lag } from './lag.ts'
import { type Offset, Offsets } from './offsets.ts'
import { BatchConsumer, type FetchedRecord, recordsOf } from './record-client.ts'
import { Retries } from './retries.ts'
import { clientSettings, type Settings } from './settings.ts'
import { reasonOf } from './trouble.ts'
import { pause, within } from './waiting.ts'

/** Who is not heard of for so long loses its partitions. */
const SESSION_MS = 6_000
/** How long the others wait for a member to join anew; the client does that at its next heartbeat. */
const REBALANCE_MS = 8_000
/** How long it waits before it asks again where its partitions begin. */
const BEGIN_MS = 500

/**
 * How long the client waits before it tries again, in milliseconds. It asks for offsets with what it knew of the leaders
 * when it began, and fetches of partitions that have come together at one leader disturb each other: neither ends but by
 * giving up, so that is to come soon. (What cannot connect is another thing: who gives up then must join anew.)
 */
function delayOf(operation: string, error: Error): number {
  const disconnected = findErrorBy(error, 'code', 'PLT_KFK_NETWORK') !== null
  return operation === 'listOffsets' || (operation === 'fetch' && !disconnected) ? 15 : 100
}

export interface ShareListener {
  arrived(records: readonly FetchedRecord[]): void
  joined(): void
  /** Of a partition, records from `first` up to `next` were deleted before they were handled. */
  lost(partition: number, first: bigint, next: bigint): void
  /** Something has been tried for a second and more; null: it has gone through. */
  struggling(trouble: string | null): void
}

/** One membership in the consumers of a topic, from its start to its first failure. A failed one is replaced, not mended. */
export class Share {
  /** Resolves when it has failed, with the reason. */
  readonly failed: Promise<string>
  readonly #consumer: BatchConsumer
  readonly #topic: string
  readonly #listener: ShareListener
  readonly #offsets: Offsets
  readonly #gaps = new Gaps()
  readonly #lag: Lag
  readonly #closing = new AbortController()
  #joins = 0
  #stream: MessagesStream<Buffer, Buffer, Buffer, Buffer> | undefined
  #fail: (reason: string) => void = () => {}
  #lastFailure: string | undefined
  #joined = false
  #ended = false
  #full = false

  constructor(settings: Settings, topic: string, listener: ShareListener) {
    this.#topic = topic
    this.#listener = listener
    this.failed = new Promise((resolve) => {
      this.#fail = resolve
    })
    const consumer = new BatchConsumer({
      ...clientSettings(settings),
      // Ten seconds, not thirty: who tries anew from the start also finds a topic that was deleted and made again.
      retries: 100,
      retryDelay: (_client, operation, _attempt, _retries, error) => {
        this.#lastFailure = reasonOf(error)
        return delayOf(operation, error)
      },
      groupId: topic,
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: REBALANCE_MS,
      heartbeatInterval: SESSION_MS / 6,
      heartbeatStallTimeout: REBALANCE_MS,
      autocommit: false,
      minBytes: 1,
      // A poll that is running delays a partition that comes new; shorter polls cost a broker that has nothing to say.
      maxWaitTime: 250,
      // Not the default of 50 MB: 100,000 records in one piece block the event loop for two seconds.
      maxBytes: 1_048_576,
      // Batches, of which a fetch brings a few for each partition.
      highWaterMark: 64,
    })
    this.#consumer = consumer
    this.#offsets = new Offsets(consumer, topic, {
      trouble: settings.onTrouble,
      lost: (partition, first, next) => listener.lost(partition, first, next),
    })
    this.#lag = new Lag(settings, topic, () => this.#offsets.owned())
    const retries = new Retries((trouble) => listener.struggling(trouble))
    // These stay until the end: an event 'error' that nobody hears ends the process.
    consumer.on('error', (error) => this.#fail(reasonOf(error)))
    consumer.on('consumer:heartbeat:stalled', ({ lastError }) =>
      this.#fail(`no heartbeat goes through${lastError ? `: ${reasonOf(lastError)}` : ''}`),
    )
    consumer.on('consumer:group:join', () => this.#onJoin(retries))
    consumer.on('consumer:heartbeat:end', () => retries.beaten())
    // What it knows of the leaders may be old from now on: questions that name an old term are refused, and the client
    // repeats them as they were until it gives up. (Not at the end: without knowing the coordinator it does not take leave.)
    consumer.on('client:broker:disconnect', () => {
      if (!this.#ended) consumer.clearMetadata()
    })
    consumer.on('client:performWithRetry:retry', (operation: string, attempt: number) =>
      retries.tried(operation, attempt, this.#lastFailure),
    )
    void this.#open()
  }

  get joined(): boolean {
    return this.#joined
  }

  get behind(): number {
    return this.#stream ? this.#lag.behind(this.#stream.offsetsToFetch) : 0
  }

  /** How long the topic keeps what arrives, in milliseconds; Infinity: for ever, or not known yet. */
  get retentionMs(): number {
    return this.#lag.retentionMs
  }

  /** Whether no more should arrive for now. */
  set full(full: boolean) {
    if (this.#full === full) return
    this.#full = full
    if (full) this.#stream?.pause()
    else this.#stream?.resume()
  }

  handled(offsets: readonly Offset[]): void {
    if (!this.#ended) this.#offsets.handled(offsets)
  }

  /** Stops reading, commits what was handled and leaves. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#closing.abort()
    this.#stream?.destroy()
    await Promise.all([this.#lag.close(), within(3_000, this.#offsets.settled())])
    // Leaving may hang behind a join that waits for other members; the session ends without it, too.
    const left = await within(2_000, this.#consumer.close(true))
    if (!left) await within(1_000, this.#consumer.connections.close())
    this.#fail('closed')
  }

  #onJoin(retries: Retries): void {
    if (this.#ended) return
    this.#joined = true
    retries.clear()
    this.#gaps.rejoined()
    this.#listener.joined()
    this.#offsets.rejoined()
    void this.#begin()
  }

  /** Finds out where its partitions begin, until it has, or another join asks for it. */
  async #begin(): Promise<void> {
    this.#joins += 1
    const join = this.#joins
    while (join === this.#joins && !this.#ended) {
      try {
        return await this.#offsets.begin()
      } catch {
        // Whatever is wrong shows in the reading itself.
        await pause(BEGIN_MS, this.#closing.signal)
      }
    }
  }

  #arrived(records: readonly FetchedRecord[]): void {
    const [first, last] = [records[0], records.at(-1)]
    if (!first || !last) return
    const gap = this.#gaps.before(first.partition, first.offset, last.offset + 1n)
    if (gap !== undefined) this.#listener.lost(first.partition, gap, first.offset)
    this.#listener.arrived(records)
  }

  async #open(): Promise<void> {
    try {
      const stream = await this.#consumer.consume({ topics: [this.#topic], mode: 'committed', fallbackMode: 'earliest' })
      this.#stream = stream
      stream.on('error', (error) => this.#fail(reasonOf(error)))
      stream.on('close', () => this.#fail('the stream has ended'))
      if (this.#ended) {
        stream.destroy()
        return
      }
      stream.on('data', (message) => this.#arrived(recordsOf(message)))
      if (this.#full) stream.pause()
    } catch (error) {
      this.#fail(reasonOf(error))
    }
  }
}
