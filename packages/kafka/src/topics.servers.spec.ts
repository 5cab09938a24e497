import { describe, expect, it } from 'vitest'
import { drain, loggedMessage, loggedMessages, messagesOf, positionsOf } from '../../runtime/src/testing/broker-conformance.ts'
import type { Admin } from './client.ts'
import { kafkaBroker } from './kafka-broker.ts'
import { ownTopic } from './testing/own-topic.ts'

const brokers = process.env.TEST_KAFKA_BROKERS?.split(',') ?? []
const TOPIC = 2

describe.skipIf(brokers.length === 0)('the topics of mailboxes', () => {
  it('have the stated partitions and retention, and a topic that is there keeps its own', async () => {
    const { topic, mailbox, admin } = await ownTopic(brokers, { partitions: 3, retentionMs: 3_600_000, replication: 1 })
    const other = kafkaBroker({ brokers, service: 'other', partitions: 9, retentionMs: 1_000 })
    await other.prepare([mailbox])
    await other.close()
    const metadata = await admin.metadata({ topics: [topic], forceUpdate: true })
    expect(metadata.topics.get(topic)?.partitionsCount).toBe(3)
    const [description] = await admin.describeConfigs({ resources: [{ resourceType: TOPIC, resourceName: topic }] })
    const config = Object.fromEntries(description?.configs.map(({ name, value }) => [name, value]) ?? [])
    expect(config).toMatchObject({ 'retention.ms': '3600000', 'cleanup.policy': 'delete', 'min.insync.replicas': '1' })
  })

  it('have six partitions and seven days when nothing is stated', async () => {
    const { topic, admin } = await ownTopic(brokers)
    const metadata = await admin.metadata({ topics: [topic], forceUpdate: true })
    expect(metadata.topics.get(topic)?.partitionsCount).toBe(6)
    const [description] = await admin.describeConfigs({ resources: [{ resourceType: TOPIC, resourceName: topic }] })
    expect(description?.configs.find(({ name }) => name === 'retention.ms')?.value).toBe('604800000')
  })

  it('and their consumer groups carry the prefix of the installation', async () => {
    const { topic, mailbox, broker, admin, committed } = await ownTopic(brokers, { prefix: 'comptoir.' })
    expect(topic).toBe(`comptoir.${mailbox}`)
    expect(await admin.listTopics()).toContain(topic)
    await broker.publish(mailbox, [loggedMessage(1)])
    const subscription = broker.subscribe(mailbox)
    await drain([subscription], (delivered) => delivered.length === 1)
    await subscription.close()
    expect([...(await committed()).values()].reduce((sum, offset) => sum + offset, 0n)).toBe(1n)
  })

  it('F17: every partition has an offset as soon as a group has joined', async () => {
    const { mailbox, broker, committed } = await ownTopic(brokers, { partitions: 4 })
    const subscription = broker.subscribe(mailbox)
    await expect.poll(async () => [...(await committed()).values()], { timeout: 10_000 }).toEqual([0n, 0n, 0n, 0n])
    expect(subscription.pending).toEqual([])
  })

  // The broker looks for what is too old every five minutes; this is what it does then.
  const forget = (admin: Admin, topic: string, offset: bigint) =>
    admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset }] }] })

  it('F17: a retention that ends before a slow consumer: it says what was lost, and goes on with what is there', async () => {
    const { topic, mailbox, broker, admin, open, troubles } = await ownTopic(brokers, { partitions: 1 })
    await broker.publish(mailbox, loggedMessages(30))
    const slow = open().subscribe(mailbox)
    await expect.poll(() => slow.pending.length, { timeout: 10_000 }).toBe(30)
    slow.handled(10)
    await slow.close()
    await forget(admin, topic, 25n)
    const next = broker.subscribe(mailbox)
    const after = await drain([next], (delivered) => delivered.length === 5)
    expect(positionsOf(messagesOf(after))).toEqual([25, 26, 27, 28, 29])
    await expect.poll(() => next.losses(), { timeout: 10_000 }).toEqual([{ place: `${topic}[0]`, first: 10, next: 25 }])
    expect(next.losses()).toEqual([])
    expect(troubles.join('\n')).toContain(`${topic}[0] has lost 15 messages, from offset 10 on`)
  })

  it('F17: also one that ends while it reads', async () => {
    const { topic, mailbox, broker, admin } = await ownTopic(brokers, { partitions: 1 })
    const [count, left] = [40_000, 5]
    const messages = loggedMessages(count)
    for (let at = 0; at < count; at += 50) await broker.publish(mailbox, messages.slice(at, at + 50))
    const slow = broker.subscribe(mailbox)
    // It takes no more than this until some of it is handled.
    await expect.poll(() => slow.pending.length, { timeout: 30_000 }).toBeGreaterThan(5_000)
    await expect.poll(() => slow.behind, { timeout: 10_000 }).toBeGreaterThan(left)
    await forget(admin, topic, BigInt(count - left))
    const came = await drain([slow], (delivered) => positionsOf(messagesOf(delivered)).includes(count - 1))
    const [loss] = slow.losses()
    expect(loss).toEqual({ place: `${topic}[0]`, first: expect.any(Number), next: count - left })
    expect(positionsOf(messagesOf(came))).toEqual([
      ...messages.slice(0, loss?.first).map(({ pos }) => pos),
      ...messages.slice(-left).map(({ pos }) => pos),
    ])
  }, 90_000)

  it('F17: says so when the oldest message waits for half of the retention', async () => {
    const { mailbox, broker } = await ownTopic(brokers, { partitions: 1, retentionMs: 4_000 })
    const slow = broker.subscribe(mailbox)
    await broker.publish(mailbox, loggedMessages(3))
    await expect.poll(() => slow.trouble, { timeout: 20_000 }).toMatch(/^its oldest message waits for .+comptoir doctor/)
    slow.handled(3)
    expect(slow.trouble).toBe(null)
  })

  it('refuses with a BrokerError what Kafka calls no name', async () => {
    const broker = kafkaBroker({ brokers, service: 'test' })
    await expect(broker.prepare(['no name'])).rejects.toMatchObject({ name: 'BrokerError', retry: false })
    await broker.close()
  })
})
