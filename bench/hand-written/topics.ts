import { Admin } from '../../packages/kafka/src/client.ts'
import type { Mailbox } from './messages.ts'

/** The topics of one run. */
export interface Topics {
  readonly brokers: readonly string[]
  /** Stands before their names. */
  readonly prefix: string
}

const partitions = 2

/** The one header: what the message is called. */
export const nameHeader = Buffer.from('n')

export const topicOf = ({ prefix }: Topics, mailbox: Mailbox): string => `${prefix}${mailbox}`

export const clientSettings = ({ brokers }: Topics) => ({
  clientId: 'by-hand',
  bootstrapBrokers: [...brokers],
  retries: 300,
  retryDelay: 100,
  metadataMaxAge: 60_000,
})

export async function createTopics(topics: Topics): Promise<void> {
  const admin = new Admin(clientSettings(topics))
  await admin.createTopics({ topics: [topicOf(topics, 's'), topicOf(topics, 'p')], partitions, replicas: 1 })
  await admin.close()
}
