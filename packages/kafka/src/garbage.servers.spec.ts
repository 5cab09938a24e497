import { describe, expect, it } from 'vitest'
import { loggedMessage } from '../../runtime/src/testing/broker-conformance.ts'
import { eventually } from '../../runtime/src/testing/eventually.ts'
import type { MessageToProduce } from './client.ts'
import { ownTopic } from './testing/own-topic.ts'
import { toRecord } from './testing/received.ts'

const brokers = process.env.TEST_KAFKA_BROKERS?.split(',') ?? []

describe.skipIf(brokers.length === 0)('records of strangers', () => {
  it('rows 60, 61, 66: are refused each with its reason, and the messages between them arrive', async () => {
    const { mailbox, topic, broker, raw } = await ownTopic(brokers, { partitions: 1 })
    const message = loggedMessage(0)
    const good = toRecord(topic, mailbox, message)
    const changed = (name: string, value: string | undefined): MessageToProduce => {
      const headers = new Map([...(good.headers as Map<Buffer, Buffer>)].filter(([header]) => header.toString() !== name))
      if (value !== undefined) headers.set(Buffer.from(name), Buffer.from(value))
      return { ...good, headers }
    }
    const { value: _value, ...tombstone } = good
    const { key: _key, ...keyless } = good
    const garbage: [reason: string, record: MessageToProduce][] = [
      ['undecodable', { ...good, value: Buffer.from('hello') }],
      ['undecodable', { ...good, value: Buffer.alloc(0) }],
      ['undecodable', tombstone],
      ['undecodable', { ...good, value: Buffer.from([0xff, 0xfe, 0x00]) }],
      ['undecodable', { ...good, value: Buffer.from('['.repeat(100_000)) }],
      ['undecodable', changed('content-type', 'application/avro')],
      ['undecodable', { topic, value: Buffer.from(' ') }],
      ['invalid_cloudevent', { topic, value: Buffer.from('{}') }],
      ['invalid_cloudevent', changed('ce_id', undefined)],
      ['invalid_cloudevent', changed('ce_source', '')],
      ['invalid_cloudevent', changed('ce_specversion', '0.3')],
      ['invalid_cloudevent', changed('ce_Order-Id', '7')],
      ['invalid_cloudevent', changed('ce_time', 'now')],
      ['misrouted', { ...good, key: Buffer.from(loggedMessage(0).key) }],
      ['misrouted', keyless],
      ['misrouted', toRecord(topic, 'elsewhere', message)],
    ]
    const producer = raw()
    for (const [n, [, record]] of garbage.entries()) {
      await producer.send({ messages: [record] })
      await broker.publish(mailbox, [{ ...message, pos: n }])
    }
    const subscription = broker.subscribe(mailbox)
    await eventually(() => subscription.pending.length === 2 * garbage.length)
    expect(subscription.pending.map((delivery) => delivery.refused?.reason ?? delivery.message?.pos)).toEqual(
      garbage.flatMap(([reason], n) => [reason, n]),
    )
    expect(subscription.pending[0]?.place).toBe(`${topic}[0]@0`)
    subscription.handled(subscription.pending.length)
    await subscription.close()
    const again = broker.subscribe(mailbox)
    await broker.publish(mailbox, [{ ...message, pos: 99 }])
    await eventually(() => again.pending.length === 1)
    expect(again.pending[0]?.message?.pos).toBe(99)
  })

  it('row 60: a record of 2 MB is refused, too, and not kept whole', async () => {
    const { mailbox, topic, broker, raw, admin } = await ownTopic(brokers, { partitions: 1 })
    await admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: 2,
          resourceName: topic,
          configs: [{ name: 'max.message.bytes', configOperation: 0, value: '4194304' }],
        },
      ],
    })
    await raw().send({ messages: [{ ...toRecord(topic, mailbox, loggedMessage(1)), value: Buffer.alloc(2_000_000, 'x') }] })
    await broker.publish(mailbox, [loggedMessage(2)])
    const subscription = broker.subscribe(mailbox)
    await eventually(() => subscription.pending.length === 2)
    expect(subscription.pending.map(({ refused }) => refused?.detail)).toEqual(['the value has 2000000 bytes', undefined])
    expect(subscription.pending[0]?.refused?.text.length).toBeLessThan(1_050_000)
  })
})
