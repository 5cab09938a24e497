import type { Server, StartOptions } from './own.mjs'

export interface KafkaServer extends Server {
  /** The bootstrap servers: here one, `host:port`. */
  readonly brokers: string
}

export interface KafkaOptions extends StartOptions {
  /** The server.properties to begin from; the tests' own by default. Addresses and places are the start's. */
  readonly properties?: URL
  /** Further arguments of the Java machine. */
  readonly jvm?: readonly string[]
}

/** One Kafka node that makes no topic by itself. */
export function startKafka(options?: KafkaOptions): Promise<KafkaServer>
