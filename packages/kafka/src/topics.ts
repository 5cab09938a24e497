import { Admin, findErrorBy } from './client.ts'
import { clientSettings, type Settings, topicOf } from './settings.ts'
import { brokerError } from './trouble.ts'
import { within } from './waiting.ts'

/**
 * Makes the topics of these mailboxes where they are missing, and waits until each partition has a leader. A topic that is
 * there stays as it is: its partitions decide where a key goes, and its retention is the operator's.
 *
 * @throws BrokerError
 */
export async function createTopics(settings: Settings, mailboxes: readonly string[]): Promise<void> {
  // Whoever asks tries again, and wants to know soon why.
  const admin = new Admin({ ...clientSettings(settings), retries: 30 })
  const topics = mailboxes.map((mailbox) => topicOf(settings, mailbox))
  try {
    const known = new Set(await admin.listTopics())
    for (const topic of new Set(topics)) if (!known.has(topic)) await createTopic(admin, settings, topic)
    if (topics.length > 0) await admin.metadata({ topics, forceUpdate: true })
  } catch (error) {
    throw brokerError(`the topics ${topics.join(', ')} could not be made`, error)
  } finally {
    await within(2_000, admin.close())
  }
}

async function createTopic(admin: Admin, settings: Settings, topic: string): Promise<void> {
  const { partitions, replication, retentionMs } = settings
  try {
    await admin.createTopics({
      topics: [topic],
      partitions,
      ...(replication === undefined ? {} : { replicas: replication }),
      configs: [
        { name: 'retention.ms', value: String(retentionMs) },
        { name: 'cleanup.policy', value: 'delete' },
        // One replica may be away; with two away a publication fails rather than lies on one disk only.
        ...(replication === undefined ? [] : [{ name: 'min.insync.replicas', value: String(Math.max(1, replication - 1)) }]),
      ],
    })
  } catch (error) {
    // Twenty instances may start at once.
    if (!(error instanceof Error && findErrorBy(error, 'apiId', 'TOPIC_ALREADY_EXISTS'))) throw error
  }
}
