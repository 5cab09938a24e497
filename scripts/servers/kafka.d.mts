import type { Server, StartOptions } from './own.mjs'

export interface KafkaServer extends Server {
  /** The bootstrap servers: here one, `host:port`. */
  readonly brokers: string
}

export interface KafkaOptions extends StartOptions {
  /** Further arguments of the Java machine. */
  readonly jvm?: readonly string[]
}

/** One Kafka node that makes no topic by itself. */
export function startKafka(options?: KafkaOptions): Promise<KafkaServer>
