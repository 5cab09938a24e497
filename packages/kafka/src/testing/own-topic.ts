import { systemIds } from '@comptoir/runtime'
import { onTestFinished } from 'vitest'
import { Admin, Producer } from '../client.ts'
import { kafkaBroker } from '../kafka-broker.ts'
import { clientSettings, type KafkaOptions, settingsOf } from '../settings.ts'

const ids = systemIds()

/** A topic that no other test uses, and clients of its broker that are closed with the test. */
export async function ownTopic(brokers: readonly string[], options: Partial<KafkaOptions> = {}) {
  const mailbox = `test-${ids.uuid()}`
  const troubles: string[] = []
  const open = () => {
    const broker = kafkaBroker({ brokers, service: 'test', onTrouble: (trouble) => troubles.push(trouble), ...options })
    onTestFinished(() => broker.close())
    return broker
  }
  const broker = open()
  await broker.prepare([mailbox])
  const client = clientSettings(settingsOf({ brokers, service: 'raw' }))
  const topic = `${options.prefix ?? ''}${mailbox}`
  const admin = new Admin(client)
  onTestFinished(() => admin.close())
  return {
    mailbox,
    topic,
    broker,
    /** What the brokers said went wrong. */
    troubles,
    /** Another instance. */
    open,
    admin,
    /** A producer that knows nothing of messages. */
    raw() {
      // Not strict: it would refuse a tombstone.
      const producer = new Producer({ ...client, strict: false })
      onTestFinished(() => producer.close(true))
      return producer
    },
    /** The committed offset of each partition that has one. */
    async committed(): Promise<ReadonlyMap<number, bigint>> {
      const [group] = await admin.listConsumerGroupOffsets({ groups: [topic] })
      const partitions = group?.topics.find(({ name }) => name === topic)?.partitions ?? []
      return new Map(partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]))
    },
  }
}
