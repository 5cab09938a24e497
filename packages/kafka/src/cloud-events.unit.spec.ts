import { envelope, traceParent } from '@comptoir/saga'
import { CloudEvent, Kafka } from 'cloudevents'
import { describe, expect, it } from 'vitest'
import { loggedMessage } from '../../runtime/src/testing/broker-conformance.ts'
import { toDelivery } from './incoming.ts'
import { messageIdOf } from './outgoing.ts'
import { receivedAs, written } from './testing/received.ts'

const headersOf = (record: ReturnType<typeof written>): Record<string, string> =>
  Object.fromEntries(record.headers.map(([name, value]) => [String(name), String(value)]))

describe('with the CloudEvents SDK as the judge', () => {
  it.each([
    ['a message of a saga', loggedMessage(7)],
    ['an event', loggedMessage(8, undefined, true)],
  ])('%s is a CloudEvent in binary mode', (_what, message) => {
    const record = written('store', message)
    const text = record.value?.toString()
    const event = Kafka.toEvent({ headers: headersOf(record), body: text, value: text } as never) as CloudEvent<unknown>
    const expected = envelope({
      id: messageIdOf(message),
      service: message.source,
      type: message.type,
      key: message.key,
      definition: message.definition ?? undefined,
      time: message.created,
      data: JSON.parse(message.body),
    })
    expect(event.validate()).toBe(true)
    expect(event.toJSON()).toEqual({
      ...expected,
      logposition: `${message.epoch}/${message.txid}/${message.pos}`,
      mailbox: 'store',
    })
    expect(record.key?.toString()).toBe(message.key)
  })

  const event = new CloudEvent({
    id: '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b',
    source: '/warehouse',
    type: 'StockCounted',
    subject: '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c',
    time: '2026-11-22T21:06:44.123Z',
    datacontenttype: 'application/json',
    data: { counted: 3 },
  })
  const expected = {
    source: 'warehouse',
    epoch: 0,
    txid: '0',
    pos: 0,
    key: event.subject,
    type: event.type,
    id: event.id,
    definition: null,
    body: '{"counted":3}',
    created: Date.UTC(2026, 10, 22, 21, 6, 44, 123),
  }

  it('reads what the SDK writes in structured mode', () => {
    const { headers, value } = Kafka.structured(event)
    const delivery = toDelivery('store', receivedAs(headers, value as string, event.subject))
    expect(delivery).toEqual({ place: 'store[3]@1204', message: expected, refused: null })
  })

  it('reads what the SDK writes in binary mode', () => {
    const { headers } = Kafka.binary(event)
    const delivery = toDelivery('store', receivedAs(headers, JSON.stringify(event.data), event.subject))
    expect(delivery).toEqual({ place: 'store[3]@1204', message: expected, refused: null })
  })
})

it('restores a message as it was', () => {
  for (const message of [
    loggedMessage(7),
    loggedMessage(8, undefined, true),
    { ...loggedMessage(9), txid: '18446744073709551615' },
  ])
    expect(toDelivery('store', written('store', message)).message).toEqual(message)
})

it('says where a message stands in the trace of its saga', () => {
  const [ofSaga, own] = [loggedMessage(7), loggedMessage(8, undefined, true)]
  const traced = (message: typeof ofSaga) => headersOf(written('store', message)).traceparent
  expect(traced(ofSaga)).toBe(traceParent(ofSaga.key, ofSaga.type))
  expect(traced(own)).toBe(traceParent(own.key, own.id ?? ''))
})

it('gives a message of a saga the same id however often it is sent', () => {
  const message = loggedMessage(7)
  expect(messageIdOf({ ...message, epoch: 4, txid: '9', pos: 8 })).toBe(messageIdOf(message))
  expect(messageIdOf({ ...message, type: 'OrderCancelled' })).not.toBe(messageIdOf(message))
})
