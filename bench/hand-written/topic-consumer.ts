import { Consumer, type Message, type MessagesStream } from '../../packages/kafka/src/client.ts'
import type { Trace } from '../trace.ts'
import { batchLimit, handleBatch } from './batch.ts'
import { type Mailbox, type Outgoing, opened } from './messages.ts'
import { relayOf } from './relay.ts'
import type { Session } from './session.ts'
import { clientSettings, type Topics, topicOf } from './topics.ts'
import type { Wakes } from './wakes.ts'

/** Beyond that no more is fetched until it has been handled. */
const enough = 4_000

export interface TopicConsumerOptions {
  readonly database: Session
  readonly schema: Mailbox
  readonly topics: Topics
  readonly wakes: Wakes
  readonly committed: (outgoing: readonly Outgoing[]) => void
  readonly trace: Trace | undefined
}

/** Consumes one mailbox from its topic until it is stopped; answers its end. Offsets are committed after the transactions. */
export class TopicConsumer {
  readonly #options: TopicConsumerOptions
  readonly #topic: string
  readonly #consumer: Consumer
  readonly #arrived: Message[] = []
  readonly #handled = new Map<number, Message>()
  #committing = false
  #stopping = false
  #fail: (error: Error) => void = () => {}

  constructor(options: TopicConsumerOptions) {
    this.#options = options
    this.#topic = topicOf(options.topics, options.schema)
    this.#consumer = new Consumer({
      ...clientSettings(options.topics),
      groupId: this.#topic,
      autocommit: false,
      minBytes: 1,
      maxWaitTime: 1_000,
      maxBytes: 1_048_576,
      highWaterMark: 4_096,
      sessionTimeout: 30_000,
      rebalanceTimeout: 30_000,
      heartbeatInterval: 3_000,
    })
  }

  stop(): void {
    this.#stopping = true
    this.#options.wakes.wake(this.#topic)
  }

  async run(): Promise<void> {
    const stream = await this.#consumer.consume({ topics: [this.#topic], mode: 'committed', fallbackMode: 'earliest' })
    const failed = new Promise<never>((_resolve, reject) => {
      this.#fail = reject
    })
    stream.on('error', this.#fail)
    stream.on('data', (message) => {
      this.#arrived.push(message)
      if (this.#arrived.length > enough) stream.pause()
      this.#options.wakes.wake(this.#topic)
    })
    await Promise.race([this.#consume(stream), failed])
    await stream.close()
    await this.#consumer.close(true)
  }

  async #consume(stream: MessagesStream<Buffer, Buffer, Buffer, Buffer>): Promise<void> {
    const { wakes } = this.#options
    while (!this.#stopping) {
      const seen = wakes.seen(this.#topic)
      const batch = this.#arrived.splice(0, batchLimit)
      if (batch.length > 0) await this.#handle(batch)
      else {
        stream.resume()
        await wakes.sleep(this.#topic, seen)
        // The rest of what was fetched arrives in the same turn: it goes into the same transaction.
        await Promise.resolve()
      }
    }
  }

  async #handle(batch: readonly Message[]): Promise<void> {
    const { database, schema, wakes, committed, trace } = this.#options
    const messages = batch.map(({ key, value, headers }) => {
      const [name] = [...headers.values()]
      return opened({ saga: String(key), name: String(name), body: String(value) })
    })
    trace?.stamp('received', messages)
    let outgoing: Outgoing[] = []
    await database.transaction(async (run) => {
      outgoing = await handleBatch(run, schema, messages)
    })
    committed(outgoing)
    wakes.wake(relayOf(schema))
    for (const message of batch) this.#handled.set(message.partition, message)
    this.#commit().catch(this.#fail)
  }

  /** One commit at a time; what is handled meanwhile goes into the next. */
  async #commit(): Promise<void> {
    if (this.#committing) return
    this.#committing = true
    while (this.#handled.size > 0) {
      const offsets = [...this.#handled.values()].map(({ topic, partition, offset, leaderEpoch }) => ({
        topic,
        partition,
        offset: offset + 1n,
        leaderEpoch,
      }))
      this.#handled.clear()
      await this.#consumer.commit({ offsets })
    }
    this.#committing = false
  }
}
