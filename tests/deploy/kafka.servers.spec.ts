import { afterAll, beforeAll, expect, it } from 'vitest'
import { kafkaBroker, surveyKafka } from '../../packages/kafka/src/index.ts'
import { mailboxesOf } from '../../packages/runtime/src/index.ts'
import { loggedMessage } from '../../packages/runtime/src/testing/broker-conformance.ts'
import { type KafkaServer, startKafka } from '../../scripts/servers/kafka.mjs'
import { until } from '../kit/wait.ts'

let kafka: KafkaServer
beforeAll(async () => {
  kafka = await startKafka({ properties: new URL('../../deploy/kafka/server.properties', import.meta.url) })
}, 60_000)
afterAll(() => kafka?.stop('kill'))

it('a broker with the properties that are deployed holds the topics of all services, and carries messages', async () => {
  const mailboxes = mailboxesOf(['store', 'payments', 'orchestrator'])
  const options = { brokers: [kafka.brokers], service: 'test' }
  const broker = kafkaBroker(options)
  try {
    await broker.prepare(mailboxes)
    const subscription = broker.subscribe('payments')
    await broker.publish('payments', [loggedMessage(1)])
    await until('it has come', () => subscription.pending.length === 1)
    expect(
      (await surveyKafka(options, mailboxes)).mailboxes.map(({ mailbox, partitions, replicas }) => [
        mailbox,
        partitions,
        replicas,
      ]),
    ).toEqual(mailboxes.map((mailbox) => [mailbox, 6, 1]))
    // Its own topic of offsets was made, too.
    subscription.handled(1)
    await until('its offset is kept', async () => (await broker.behind('payments')) === 0)
  } finally {
    await broker.close()
  }
}, 60_000)
