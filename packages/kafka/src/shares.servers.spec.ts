import { describe, expect, it } from 'vitest'
import type { Delivery } from '../../runtime/src/ports/broker.ts'
import { allOf, drain, joined, loggedMessages, messagesOf, positionsOf } from '../../runtime/src/testing/broker-conformance.ts'
import { eventually } from '../../runtime/src/testing/eventually.ts'
import { ownTopic } from './testing/own-topic.ts'

const brokers = process.env.TEST_KAFKA_BROKERS?.split(',') ?? []
const sum = (offsets: ReadonlyMap<number, bigint>) => [...offsets.values()].reduce((total, offset) => total + offset, 0n)

describe.skipIf(brokers.length === 0)('shares that change hands', () => {
  it('F6: who lost a partition does not move its offset, handles what it holds, and nothing is lost', async () => {
    const { mailbox, broker, open, committed } = await ownTopic(brokers)
    await broker.publish(mailbox, loggedMessages(120))
    const first = broker.subscribe(mailbox)
    await eventually(() => first.pending.length === 120)
    await eventually(async () => (await committed()).size === 6)
    const second = open().subscribe(mailbox)
    const partition = ({ place }: Delivery) => place.replace(/@.*/, '')
    const partitionsOf = (deliveries: readonly Delivery[]) => new Set(deliveries.map(partition))
    const toSecond = (lost: ReadonlySet<string>) => first.pending.filter((delivery) => lost.has(partition(delivery))).length
    const taken = await drain([second], (all) => partitionsOf(all).size === 3 && all.length === toSecond(partitionsOf(all)))
    const lost = partitionsOf(taken)
    await eventually(async () => sum(await committed()) === BigInt(taken.length))
    // The first still holds records of partitions that the second has finished: it stops before the last of them.
    const isLost = first.pending.map((delivery) => lost.has(partition(delivery)))
    const last = isLost.lastIndexOf(true)
    expect(isLost.slice(0, last)).toContain(false)
    const before = await committed()
    first.handled(last)
    await first.close()
    const after = await committed()
    for (const place of lost) {
      const number = Number(/\[(\d+)\]/.exec(place)?.[1])
      expect(after.get(number)).toBe(before.get(number))
    }
    expect(sum(after)).toBeGreaterThan(sum(before))
    const rest = await drain([second], () => second.behind === 0 && second.pending.length === 0 && second.generation > 1)
    expect(rest.every(({ refused }) => refused === null)).toBe(true)
  })

  it('F6: a member that the group has put out comes back by itself, and no message is lost', async () => {
    const { mailbox, topic, broker, admin, open } = await ownTopic(brokers)
    const keys = loggedMessages(20).map(({ key }) => key)
    const messages = loggedMessages(400, keys)
    await broker.publish(mailbox, messages.slice(0, 200))
    const first = broker.subscribe(mailbox)
    await eventually(() => first.pending.length === 200)
    const generation = first.generation
    const handled = messagesOf(first.pending.slice(0, 100))
    await admin.removeMembersFromConsumerGroup({ groupId: topic, members: null })
    // It does not know yet, and commits.
    first.handled(100)
    await broker.publish(mailbox, messages.slice(200))
    await eventually(() => first.generation > generation && joined(first)(), 20_000)
    const seen = new Set(positionsOf(handled))
    await drain([first], (delivered) => {
      for (const position of positionsOf(messagesOf(delivered))) seen.add(position)
      return seen.size === 400
    })
    await first.close()
    const after = open().subscribe(mailbox)
    await eventually(joined(after))
    await after.arrival(500)
    expect(after.pending).toEqual([])
  })

  it('opens anew when its topic was deleted and made again, and reads the new one from its start', async () => {
    const { mailbox, topic, broker, admin, troubles } = await ownTopic(brokers)
    await broker.publish(mailbox, loggedMessages(50))
    const subscription = broker.subscribe(mailbox)
    await drain([subscription], allOf(50))
    await admin.deleteTopics({ topics: [topic] })
    await broker.prepare([mailbox])
    await broker.publish(mailbox, loggedMessages(10))
    const delivered = await drain([subscription], allOf(10), 50_000)
    expect(delivered).toHaveLength(10)
    expect(troubles.join('\n')).toContain(`reading ${mailbox}`)
  })

  it('stops fetching when much is pending, says what is behind, and goes on when there is room', async () => {
    const { mailbox, broker } = await ownTopic(brokers)
    const subscription = broker.subscribe(mailbox)
    await eventually(joined(subscription))
    const body = JSON.stringify({ text: 'x'.repeat(1_000) })
    const messages = loggedMessages(12_000).map((message) => ({ ...message, body }))
    await broker.publish(mailbox, messages)
    await eventually(() => subscription.pending.length > 5_000 && subscription.behind > 1_000, 20_000)
    await subscription.arrival(500)
    expect(subscription.pending.length).toBeLessThan(9_000)
    expect(await drain([subscription], allOf(12_000))).toHaveLength(12_000)
    await eventually(() => subscription.behind === 0)
  })
})
