import type { Broker, ReadStore, Signals } from '@comptoir/runtime'
import type { Addresses } from './addresses.ts'
import { warn } from './error-log.ts'

/** What an installation has besides its database. */
export interface Links {
  readonly broker?: Broker
  readonly feed?: string
  readonly readStore?: ReadStore
  /** Wake-ups between processes; absent: the database carries them. */
  readonly signals?: Signals
  close(): Promise<void>
}

/** Opens Kafka and Redis, where there are addresses of them. Neither is waited for: what is away is tried again. */
export async function openLinks({ kafka, redis }: Addresses, service: string): Promise<Links> {
  const onTrouble = (reason: string) => warn('trouble with Kafka', { reason })
  const broker = kafka && (await import('@comptoir/kafka')).kafkaBroker({ ...kafka, service, onTrouble })
  const { redisReadStore, redisSignals } = redis ? await import('@comptoir/redis') : {}
  const readStore = redis ? redisReadStore?.({ url: redis }) : undefined
  const signals = redis ? redisSignals?.({ url: redis }) : undefined
  return {
    ...(broker && { broker }),
    ...(kafka?.feed !== undefined && { feed: kafka.feed }),
    ...(readStore && { readStore }),
    ...(signals && { signals }),
    async close() {
      for (const link of [broker, readStore, signals]) await link?.close()
    },
  }
}
