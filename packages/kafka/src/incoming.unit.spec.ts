import { describe, expect, it } from 'vitest'
import { loggedMessage } from '../../runtime/src/testing/broker-conformance.ts'
import { toDelivery } from './incoming.ts'
import { messageIdOf } from './outgoing.ts'
import { receivedAs, written } from './testing/received.ts'

const message = loggedMessage(7, undefined, true)
const good = {
  'content-type': 'application/json',
  ce_specversion: '1.0',
  ce_id: messageIdOf(message),
  ce_source: '/store',
  ce_type: 'StockCounted',
  ce_subject: message.key,
  ce_time: '2026-11-22T21:06:44Z',
}
type Headers = Readonly<Record<string, unknown>>
const binary = (headers: Headers = {}, value: string | Buffer | undefined = '{"n":1}', key: string | undefined = message.key) =>
  toDelivery('store', receivedAs({ ...good, ...headers }, value, key))

const structuredEvent = {
  specversion: '1.0',
  id: good.ce_id,
  source: '/store',
  type: 'StockCounted',
  subject: message.key,
  time: good.ce_time,
  data: { n: 1 },
}
const structured = (change: Readonly<Record<string, unknown>> = {}, headers: Headers = {}, text?: string) =>
  toDelivery(
    'store',
    receivedAs(
      { 'content-type': 'application/cloudevents+json; charset=UTF-8', ...headers },
      text ?? JSON.stringify({ ...structuredEvent, ...change }),
      message.key,
    ),
  )

const reason = (delivery: ReturnType<typeof binary>) => delivery.refused?.reason ?? null

describe('what is accepted', () => {
  it.each([
    ['binary mode', binary()],
    ['no content type', binary({ 'content-type': undefined })],
    ['a content type with a character set', binary({ 'content-type': 'Application/JSON; charset="UTF-8"' })],
    ['another JSON', binary({ 'content-type': 'application/problem+json' })],
    ['no time', binary({ ce_time: undefined })],
    ['a time in the future', binary({ ce_time: '2099-01-01T00:00:00Z' })],
    ['headers that are none of ours', binary({ traceparent: '00-1-1-01', Ce_Odd: 'x' })],
    ['attributes that are none of ours', binary({ ce_dataschema: 'urn:x', ce_partitionkey: message.key })],
    ['JSON of 32 levels', binary({}, '['.repeat(32) + ']'.repeat(32))],
    ['structured mode', structured()],
    ['structured mode with null, boolean and integer attributes', structured({ ext: null, flag: true, number: -(2 ** 31) })],
    ['structured mode with the same in headers', structured({}, { ce_type: 'StockCounted' })],
    ['a source that is no service', binary({ ce_source: 'https://example.com/x' })],
  ])('%s', (_what, delivery) => {
    expect(delivery.refused).toBeNull()
    expect(delivery.message?.key).toBe(message.key)
  })

  it('takes the time of the record when the event has none', () => {
    expect(binary({ ce_time: undefined }).message?.created).toBe(1_900_000_000_000)
  })
})

describe('row 60: what cannot be decoded', () => {
  it.each([
    ['no JSON', binary({}, 'hello')],
    ['an empty value', binary({}, '')],
    ['a tombstone', toDelivery('store', receivedAs(good, undefined, message.key))],
    ['wrong UTF-8', binary({}, Buffer.from([0x7b, 0xff, 0x7d]))],
    ['more than 1 MiB', binary({}, `"${'x'.repeat(1_048_575)}"`)],
    ['JSON of 33 levels', binary({}, '['.repeat(33) + ']'.repeat(33))],
    ['JSON that would overflow a parser', binary({}, '['.repeat(500_000))],
    ['another content type', binary({ 'content-type': 'text/plain' })],
    ['another character set', binary({ 'content-type': 'application/json; charset=latin1' })],
    ['a batch', binary({ 'content-type': 'application/cloudevents-batch+json' })],
    ['a structured event that is no object', structured({}, {}, '[1]')],
    ['a structured event with binary data', structured({ data: undefined, data_base64: 'AAAA' })],
    ['a structured event without data', structured({ data: undefined })],
    ['a structured event with data that is no JSON', structured({ datacontenttype: 'text/xml', data: '<a/>' })],
  ])('%s', (_what, delivery) => {
    expect(reason(delivery)).toBe('undecodable')
    expect(delivery.message).toBeNull()
  })
})

describe('row 61: what is no CloudEvent', () => {
  it.each([
    ['no id', binary({ ce_id: undefined })],
    ['an empty id', binary({ ce_id: '' })],
    ['an id that is no UUID', binary({ ce_id: 'first' })],
    ['no source', binary({ ce_source: undefined })],
    ['an empty source', binary({ ce_source: '' })],
    ['no type', binary({ ce_type: undefined })],
    ['an empty type', binary({ ce_type: '' })],
    ['no subject', binary({ ce_subject: undefined })],
    ['a subject that is no UUID', binary({ ce_subject: 'order-1' })],
    ['a UUID in upper case', binary({ ce_subject: message.key.toUpperCase() })],
    ['no specversion', binary({ ce_specversion: undefined })],
    ['specversion 0.3', binary({ ce_specversion: '0.3' })],
    ['specversion 2.0', binary({ ce_specversion: '2.0' })],
    ['an attribute called Order-Id', binary({ 'ce_Order-Id': '1' })],
    ['an attribute without a name', binary({ ce_: '1' })],
    ['a time that is none', binary({ ce_time: '22/11/2026' })],
    ['a header with wrong UTF-8', binary({ ce_type: Buffer.from([0xc3, 0x28]) })],
    ['a header with U+0000', binary({ ce_type: 'a\0b' })],
    ['a broken log position', binary({ ce_logposition: '3/x/1' })],
    ['an empty definition', binary({ ce_definition: '' })],
    ['structured: an integer beyond 32 bits', structured({ big: 2 ** 31 })],
    ['structured: a fraction', structured({ part: 0.5 })],
    ['structured: an attribute that is an object', structured({ nested: {} })],
    ['structured: a lone surrogate', structured({ type: '\ud800' })],
    ['structured: an empty attribute', structured({ definition: '' })],
    ['row 66: header and body disagree', structured({}, { ce_type: 'OrderCreated' })],
    ['row 66: a header that the body does not have', structured({}, { ce_definition: 'X/1/a' })],
  ])('%s', (_what, delivery) => {
    expect(reason(delivery)).toBe('invalid_cloudevent')
  })

  it('a header that is there twice with two values', () => {
    const record = receivedAs(good, '{}', message.key)
    const twice = [...record.headers, [Buffer.from('ce_type'), Buffer.from('OrderCreated')] as const]
    expect(reason(toDelivery('store', { ...record, headers: twice }))).toBe('invalid_cloudevent')
  })
})

describe('row 66: what came the wrong way', () => {
  it.each([
    ['another key', binary({}, '{}', loggedMessage(1).key)],
    ['no key', toDelivery('store', receivedAs(good, '{}', undefined))],
    ['another partition key', binary({ ce_partitionkey: loggedMessage(1).key })],
    ['another mailbox', toDelivery('store', written('payments', message))],
  ])('%s', (_what, delivery) => {
    expect(reason(delivery)).toBe('misrouted')
  })
})

describe('what a dead letter shows', () => {
  it('is the record as text: key, headers, value', () => {
    const { refused } = binary({ ce_type: undefined }, '{"a":1}')
    expect(refused?.detail).toBe('type is missing')
    expect(refused?.text).toContain(`key: ${message.key}\ncontent-type: application/json\nce_specversion: 1.0\n`)
    expect(refused?.text.endsWith('\n\n{"a":1}')).toBe(true)
  })

  it('can be stored by any database, and is no larger than the largest record that is looked at', () => {
    expect(binary({}, 'a\0b').refused?.text).toContain('a\u{fffd}b')
    expect(binary({}, Buffer.from([0xff, 0x00])).refused?.text).toContain('base64:/wA=')
    expect(binary({}, 'x'.repeat(2_000_000)).refused?.text.length).toBeLessThan(1_050_000)
  })
})
