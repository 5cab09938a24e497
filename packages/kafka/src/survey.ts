import { Admin } from './client.ts'
import { clientSettings, type KafkaOptions, settingsOf, topicOf } from './settings.ts'
import { brokerError } from './trouble.ts'
import { within } from './waiting.ts'

/** What a cluster says of one mailbox. */
export interface MailboxSurvey {
  readonly mailbox: string
  readonly topic: string
  /** 0: the topic is not there. */
  readonly partitions: number
  /** Replicas of the partition that has the fewest. */
  readonly replicas: number
  /** Instances that consume it together. */
  readonly members: number
  /** Messages that they have not handled. */
  readonly behind: number
}

export interface Survey {
  readonly brokers: number
  readonly mailboxes: readonly MailboxSurvey[]
}

const LATEST = -1n

/**
 * Looks at a cluster and at the topics of these mailboxes; changes nothing.
 *
 * @throws BrokerError within some seconds when no broker answers
 */
export async function surveyKafka(options: KafkaOptions, mailboxes: readonly string[]): Promise<Survey> {
  const settings = settingsOf(options)
  const admin = new Admin({ ...clientSettings(settings), retries: 3 })
  try {
    const topics = await admin.listTopics()
    const known = mailboxes.map((mailbox) => topicOf(settings, mailbox)).filter((topic) => topics.includes(topic))
    const metadata = await admin.metadata({ topics: known })
    const surveys = mailboxes.map(async (mailbox): Promise<MailboxSurvey> => {
      const topic = topicOf(settings, mailbox)
      const partitions = metadata.topics.get(topic)?.partitions ?? []
      const none = { mailbox, topic, partitions: partitions.length, replicas: 0, members: 0, behind: 0 }
      if (partitions.length === 0) return none
      const groups = await admin.describeGroups({ groups: [topic] })
      return {
        ...none,
        replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
        members: groups.get(topic)?.members.size ?? 0,
        behind: await behindOf(admin, topic, partitions.length),
      }
    })
    return { brokers: metadata.brokers.size, mailboxes: await Promise.all(surveys) }
  } catch (error) {
    throw brokerError('Kafka does not answer', error)
  } finally {
    await within(2_000, admin.close())
  }
}

/** Messages of a topic that its group has not handled. */
export async function behindOf(admin: Admin, topic: string, count: number): Promise<number> {
  const indexes = Array.from({ length: count }, (_, index) => index)
  const [ends, groups] = await Promise.all([
    admin.listOffsets({
      topics: [{ name: topic, partitions: indexes.map((partitionIndex) => ({ partitionIndex, timestamp: LATEST })) }],
    }),
    admin.listConsumerGroupOffsets({ groups: [{ groupId: topic, topics: [{ name: topic, partitionIndexes: indexes }] }] }),
  ])
  const committed = new Map(
    groups
      .flatMap(({ topics }) => topics)
      .flatMap(({ partitions }) => partitions.map((one) => [one.partitionIndex, one.committedOffset])),
  )
  return ends
    .flatMap(({ partitions }) => partitions)
    .reduce((sum, { partitionIndex, offset }) => sum + Number(offset - maximum(committed.get(partitionIndex) ?? 0n, 0n)), 0)
}

const maximum = (a: bigint, b: bigint): bigint => (a > b ? a : b)
