import { expect, it, onTestFinished } from 'vitest'
import { type KafkaServer, startKafka } from '../../../scripts/servers/kafka.mjs'
import { allOf, drain, joined, loggedMessages, messagesOf } from '../../runtime/src/testing/broker-conformance.ts'
import { eventually } from '../../runtime/src/testing/eventually.ts'
import { ownTopic } from './testing/own-topic.ts'

const own = async (): Promise<KafkaServer> => {
  const server = await startKafka()
  onTestFinished(() => server.stop('kill'))
  return server
}

/** The deliveries of each key in the order of their first arrival. */
function byKey(messages: ReturnType<typeof messagesOf>): Map<string, number[]> {
  const keys = new Map<string, number[]>()
  for (const { key, pos } of messages) {
    const positions = keys.get(key) ?? []
    if (!positions.includes(pos)) keys.set(key, [...positions, pos])
  }
  return keys
}

it('F14: a broker that is killed and started again, under way, loses nothing and keeps the order of each key', async () => {
  const server = await own()
  const { mailbox, broker } = await ownTopic([server.brokers])
  const keys = loggedMessages(25).map(({ key }) => key)
  const messages = loggedMessages(5_000, keys)
  const subscription = broker.subscribe(mailbox)
  await eventually(joined(subscription))
  let published = 0
  let allowed = 0
  const publishing = (async () => {
    while (published < messages.length) {
      await eventually(() => published < allowed, 110_000)
      const batch = messages.slice(published, published + 50)
      try {
        await broker.publish(mailbox, batch)
        published += batch.length
      } catch (error) {
        // As a relay does: what the broker may not have is published again.
        expect(error).toMatchObject({ name: 'BrokerError', retry: true })
      }
    }
  })()
  const draining = drain([subscription], (delivered) => published === messages.length && allOf(5_000)(delivered), 110_000)
  // Killed while it goes on publishing, however fast that is.
  for (const [killAfter, before, after] of [
    [1_000, 2_500, 3_000],
    [3_000, 4_500, 5_000],
  ] as const) {
    allowed = before
    await eventually(() => published > killAfter, 60_000)
    await server.stop('kill')
    const at = published
    allowed = after
    await server.start()
    await eventually(() => published > at, 60_000)
  }
  await publishing
  for (const positions of byKey(messagesOf(await draining)).values()) {
    expect(positions).toHaveLength(200)
    expect(positions).toEqual([...positions].sort((a, b) => a - b))
  }
}, 120_000)

it('F14: says that nothing arrives while the broker is away, and that all is well when it is back', async () => {
  const server = await own()
  const { mailbox, broker, troubles } = await ownTopic([server.brokers])
  const subscription = broker.subscribe(mailbox)
  await eventually(joined(subscription))
  await server.stop('kill')
  const woken = subscription.arrival(60_000)
  await eventually(() => subscription.trouble !== null, 20_000)
  await woken
  const publishing = broker.publish(mailbox, loggedMessages(3))
  await eventually(() => troubles.some((trouble) => trouble.startsWith('publishing: ')))
  await server.start()
  await publishing
  await drain([subscription], allOf(3))
  await eventually(() => subscription.trouble === null)
}, 120_000)

it('F14: a subscription that begins while the broker is away waits for it', async () => {
  const server = await own()
  const { mailbox, broker, open } = await ownTopic([server.brokers])
  await broker.publish(mailbox, loggedMessages(3))
  await server.stop('kill')
  const subscription = open().subscribe(mailbox)
  await eventually(() => subscription.trouble?.includes('times') ?? false, 20_000)
  await server.start()
  await drain([subscription], allOf(3))
}, 120_000)

it('closes in time while the broker is away', async () => {
  const server = await own()
  const { mailbox, broker, open } = await ownTopic([server.brokers])
  const instance = open()
  const subscription = instance.subscribe(mailbox)
  await broker.publish(mailbox, loggedMessages(3))
  await eventually(() => subscription.pending.length === 3)
  await server.stop('kill')
  subscription.handled(3)
  const publication = expect(instance.publish(mailbox, loggedMessages(1))).rejects.toMatchObject({ name: 'BrokerError' })
  const begun = performance.now()
  await instance.close()
  await publication
  expect(performance.now() - begun).toBeLessThan(8_000)
}, 120_000)

it('F6: a broker that stands still and goes on loses nothing', async () => {
  const server = await own()
  const { mailbox, broker } = await ownTopic([server.brokers])
  const subscription = broker.subscribe(mailbox)
  await eventually(joined(subscription))
  server.pause()
  const publishing = broker.publish(mailbox, loggedMessages(100))
  await eventually(() => subscription.trouble !== null, 30_000)
  server.resume()
  await publishing
  await drain([subscription], allOf(100), 60_000)
  await eventually(() => subscription.trouble === null)
}, 120_000)
