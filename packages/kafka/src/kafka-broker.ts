import type { Broker } from '@comptoir/runtime'
import { Publisher } from './publisher.ts'
import { type KafkaOptions, settingsOf } from './settings.ts'
import { KafkaSubscription } from './subscription.ts'
import { createTopics } from './topics.ts'

/** The Broker port on Apache Kafka: a topic and a consumer group for each mailbox, messages as CloudEvents in binary mode. */
export function kafkaBroker(options: KafkaOptions): Broker {
  const settings = settingsOf(options)
  const publisher = new Publisher(settings)
  const subscriptions = new Set<KafkaSubscription>()
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
    async close() {
      closed = true
      await Promise.all([publisher, ...subscriptions].map((one) => one.close()))
    },
  }
}
