import { BrokerError, grouped, type LoggedMessage } from '@comptoir/runtime'
import { ProduceAcks } from './client.ts'
import { outgoing } from './outgoing.ts'
import { partitionOf } from './partition.ts'
import { PublicationQueue } from './publication-queue.ts'
import { RecordProducer, type RecordToProduce } from './record-client.ts'
import { clientSettings, type Settings, topicOf } from './settings.ts'
import { brokerError } from './trouble.ts'
import { within } from './waiting.ts'

/**
 * Publishes to any mailbox. Where there are several brokers, each partition has its own queue and its own requests: the
 * client sends all of a request to the leader of its first record, and when a broker dies, the partitions that it led get
 * different new leaders (seen with three brokers: such a request is refused for 30 seconds, until its retries are used up).
 * With one broker a request takes all partitions of a topic, which is a third faster.
 */
export class Publisher {
  readonly #settings: Settings
  readonly #queues = new Map<string, PublicationQueue>()
  #producer: RecordProducer | undefined
  #closed = false

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** @throws BrokerError */
  async publish(mailbox: string, messages: readonly LoggedMessage[]): Promise<void> {
    if (this.#closed) throw new BrokerError('the broker is closed: nothing can be published any more', false)
    if (messages.length === 0) return
    const topic = topicOf(this.#settings, mailbox)
    const { partitions, leaders } = await this.#shapeOf(topic)
    const records = messages.map((message): RecordToProduce => {
      const partition = partitionOf(Buffer.from(message.key), partitions)
      return { topic, partition, value: outgoing(mailbox, message) }
    })
    const parts = grouped(records, ({ partition }) => (leaders > 1 ? `${topic}[${partition}]` : topic))
    // All of it has come to an end, one or the other, before it may be published again.
    const ends = await Promise.allSettled([...parts].map(([place, part]) => this.#queue(place).add(part)))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
  }

  /** Waits a moment for what is on its way. */
  async close(): Promise<void> {
    this.#closed = true
    await within(2_000, Promise.all([...this.#queues.values()].map((queue) => queue.idle())))
    if (this.#producer) await within(2_000, this.#producer.close(true))
  }

  async #shapeOf(topic: string): Promise<{ partitions: number; leaders: number }> {
    try {
      this.#producer ??= this.#open()
      const { topics, brokers } = await this.#producer.metadata({ topics: [topic] })
      const { partitions = [], partitionsCount = 1 } = topics.get(topic) ?? {}
      // All that may lead one, now or when another one is away.
      const leaders = new Set(partitions.flatMap(({ replicas }) => replicas))
      return { partitions: partitionsCount, leaders: Math.max(brokers.size, leaders.size) }
    } catch (error) {
      throw brokerError(`messages for ${topic} were not taken`, error)
    }
  }

  #queue(place: string): PublicationQueue {
    const queue = this.#queues.get(place) ?? new PublicationQueue(place, (records) => this.#send(records))
    this.#queues.set(place, queue)
    return queue
  }

  async #send(messages: RecordToProduce[]): Promise<void> {
    this.#producer ??= this.#open()
    await this.#producer.send({ messages, acks: ProduceAcks.ALL })
  }

  #open(): RecordProducer {
    const producer = new RecordProducer({ ...clientSettings(this.#settings), idempotent: true })
    producer.on('client:performWithRetry:retry', (operation: string, attempt: number) => {
      // The client asks anew who leads a partition when a connection breaks, but not when it is told that it asked the wrong one.
      if (operation === 'produce') producer.clearMetadata()
      if (attempt === 10) this.#settings.onTrouble(`publishing: ${operation} has been tried ${attempt} times`)
    })
    return producer
  }
}
