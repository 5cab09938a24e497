/** How to reach Kafka, and what the topics of this installation look like. */
export interface KafkaOptions {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[]
  /** The service that publishes and subscribes: it names the client in the broker's logs. */
  readonly service: string
  /** Stands before the names of topics and consumer groups, where several installations share a cluster. Default: nothing. */
  readonly prefix?: string
  /** Partitions of a topic that is made here: the most instances that can share a mailbox. Default 6. */
  readonly partitions?: number
  /** Replicas of a topic that is made here. Default: what the broker is set to. */
  readonly replication?: number
  /** How long a topic that is made here keeps its messages, in milliseconds. Default 7 days. */
  readonly retentionMs?: number
  /** Default: `comptoir-` and the service. */
  readonly clientId?: string
  /** Told what went wrong, in words; it is being tried again already. */
  readonly onTrouble?: (trouble: string) => void
}

export interface Settings {
  readonly brokers: readonly string[]
  readonly prefix: string
  readonly partitions: number
  readonly replication: number | undefined
  readonly retentionMs: number
  readonly clientId: string
  readonly onTrouble: (trouble: string) => void
}

const DAY_MS = 24 * 3_600_000

/** @throws TypeError when no broker is named */
export function settingsOf(options: KafkaOptions): Settings {
  if (options.brokers.length === 0) throw new TypeError('kafkaBroker needs the address of at least one broker, like kafka:9092')
  return {
    brokers: options.brokers,
    prefix: options.prefix ?? '',
    partitions: options.partitions ?? 6,
    replication: options.replication,
    retentionMs: options.retentionMs ?? 7 * DAY_MS,
    clientId: options.clientId ?? `comptoir-${options.service}`,
    onTrouble: options.onTrouble ?? (() => {}),
  }
}

/** The topic of a mailbox; also its consumer group. */
export const topicOf = (settings: Settings, mailbox: string): string => `${settings.prefix}${mailbox}`

/**
 * What every client of ours has in common. 300 retries and not endless ones: a mistake in a program is retried like a
 * broken connection, and must come out some day.
 */
export const clientSettings = (settings: Settings) => ({
  clientId: settings.clientId,
  bootstrapBrokers: [...settings.brokers],
  retries: 300,
  // The first send to a new topic may meet stale metadata and then waits this long (default 1,000).
  retryDelay: 100,
  connectTimeout: 3_000,
  // Longer than a join may take (`rebalanceTimeout`); a broker that hangs is left after that.
  requestTimeout: 15_000,
  metadataMaxAge: 60_000,
  strict: true,
})
