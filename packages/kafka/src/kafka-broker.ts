import type { Broker } from '@comptoir/runtime'
import { Admin } from './client.ts'
import { Publisher } from './publisher.ts'
import { clientSettings, type KafkaOptions, settingsOf, topicOf } from './settings.ts'
import { KafkaSubscription } from './subscription.ts'
import { behindOf } from './survey.ts'
import { createTopics } from './topics.ts'
import { brokerError } from './trouble.ts'
import { within } from './waiting.ts'

/** The Broker port on Apache Kafka: a topic and a consumer group for each mailbox, messages as CloudEvents in binary mode. */
export function kafkaBroker(options: KafkaOptions): Broker {
  const settings = settingsOf(options)
  const publisher = new Publisher(settings)
  const subscriptions = new Set<KafkaSubscription>()
  let admin: Admin | undefined
  let closed = false
  return {
    prepare: (mailboxes) => createTopics(settings, mailboxes),
    publish: (mailbox, messages) => publisher.publish(mailbox, messages),
    subscribe(mailbox) {
      const subscription = new KafkaSubscription(settings, mailbox)
      subscriptions.add(subscription)
      // Instances leave and join again: what had arrived is not kept for the process's life.
      void subscription.ended.then(() => subscriptions.delete(subscription))
      if (closed) void subscription.close()
      return subscription
    },
    async behind(mailbox) {
      admin ??= new Admin({ ...clientSettings(settings), retries: 0 })
      try {
        const topic = topicOf(settings, mailbox)
        const metadata = await admin.metadata({ topics: [topic] })
        return await behindOf(admin, topic, metadata.topics.get(topic)?.partitionsCount ?? 0)
      } catch (error) {
        throw brokerError(`how far ${mailbox} is handled is not known`, error)
      }
    },
    async close() {
      closed = true
      await Promise.all([publisher, ...subscriptions].map((one) => one.close()))
      if (admin) await within(1_000, admin.close())
    },
  }
}
