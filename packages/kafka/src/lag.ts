import { Admin } from './client.ts'
import { clientSettings, type Settings } from './settings.ts'
import { within } from './waiting.ts'

const EVERY_MS = 2_000
const LATEST = -1n
/** What Kafka calls a topic, when it is asked for configurations. */
const TOPIC = 2

/**
 * How many messages the broker holds beyond what has arrived: the ends of the partitions, asked for every other second by a
 * client of its own; and how long it keeps them. On the consumer's the question would wait behind joins, and be repeated with what it knew of the
 * partitions' leaders before they changed.
 */
export class Lag {
  readonly #topic: string
  readonly #owned: () => readonly number[]
  readonly #admin: Admin
  readonly #timer: NodeJS.Timeout
  readonly #ends = new Map<number, bigint>()
  #asking = false
  #retentionMs: number | undefined

  constructor(settings: Settings, topic: string, owned: () => readonly number[]) {
    this.#topic = topic
    this.#owned = owned
    this.#admin = new Admin({ ...clientSettings(settings), retries: 0 })
    this.#timer = setInterval(() => void this.#ask(), EVERY_MS)
  }

  /** @param positions where reading goes on, by `topic:partition` */
  behind(positions: ReadonlyMap<string, bigint>): number {
    let behind = 0n
    for (const partition of this.#owned()) {
      const end = this.#ends.get(partition)
      const position = positions.get(`${this.#topic}:${partition}`)
      if (end !== undefined && position !== undefined && end > position) behind += end - position
    }
    return Number(behind)
  }

  /** How long the topic keeps what arrives, in milliseconds; Infinity: for ever, or not known yet. */
  get retentionMs(): number {
    return this.#retentionMs ?? Number.POSITIVE_INFINITY
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await within(1_000, this.#admin.close())
  }

  async #ask(): Promise<void> {
    const partitions = this.#owned().map((partitionIndex) => ({ partitionIndex, timestamp: LATEST }))
    if (this.#asking || partitions.length === 0) return
    this.#asking = true
    try {
      for (const topic of await this.#admin.listOffsets({ topics: [{ name: this.#topic, partitions }] }))
        for (const { partitionIndex, offset } of topic.partitions) this.#ends.set(partitionIndex, offset)
      this.#retentionMs ??= await this.#retention()
    } catch {
      // The old figures stay; whatever is wrong shows in the reading itself.
    } finally {
      this.#asking = false
    }
  }

  async #retention(): Promise<number> {
    const [description] = await this.#admin.describeConfigs({
      resources: [{ resourceType: TOPIC, resourceName: this.#topic, configurationKeys: ['retention.ms'] }],
    })
    const ms = Number(description?.configs.find(({ name }) => name === 'retention.ms')?.value ?? -1)
    return ms < 0 ? Number.POSITIVE_INFINITY : ms
  }
}
