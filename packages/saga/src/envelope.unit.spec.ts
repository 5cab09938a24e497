import { CloudEvent, HTTP } from 'cloudevents'
import { describe, expect, it } from 'vitest'
import { checkSize, envelope, maxMessageBytes } from './envelope.ts'
import { MessageTooLargeError } from './errors.ts'
import { messageId } from './protocol.ts'
import { declared, named, step } from './testing/declared.ts'

const sagaId = '01926b3e-7c1a-7000-8000-000000000001'
const sample = {
  id: `${sagaId}:pay:do`,
  service: 'shop',
  type: 'reserveDone',
  key: sagaId,
  definition: 'Buy/1/00000000000000ff',
  time: Date.UTC(2026, 10, 22, 15, 52, 25, 32),
  data: { input: { lines: [{ product_id: 1, quantity: 2 }] }, note: 'é € 😀', price: 19.99, nothing: null },
}

describe('envelope', () => {
  it('is a CloudEvent of version 1.0, by the reference implementation in strict mode', () => {
    const event = new CloudEvent({ ...envelope(sample) }, true)
    expect(event.validate()).toBe(true)
    expect(JSON.parse(JSON.stringify(event))).toEqual(envelope(sample))
  })

  it('comes back unchanged from the structured HTTP binding', () => {
    const { headers, body } = HTTP.structured(new CloudEvent({ ...envelope(sample) }))
    const received = HTTP.toEvent({ headers, body })
    expect(JSON.parse(JSON.stringify(received))).toEqual(envelope(sample))
  })

  it('says what it carries in standard attributes', () => {
    expect(envelope(sample)).toMatchObject({
      specversion: '1.0',
      source: '/shop',
      subject: sagaId,
      correlationid: sagaId,
      time: '2026-11-22T15:52:25.032Z',
      datacontenttype: 'application/json',
    })
  })

  it('has no definition when the event belongs to no saga', () => {
    const { definition: _, ...event } = sample
    expect(envelope(event)).not.toHaveProperty('definition')
    expect(new CloudEvent({ ...envelope(event) }, true).validate()).toBe(true)
  })

  it('would be refused by the reference implementation without a type', () => {
    expect(() => new CloudEvent({ ...envelope({ ...sample, type: '' }) }, true)).toThrow()
  })
})

describe('checkSize', () => {
  /** A JSON text of exactly so many bytes in UTF-8, made of one character. */
  const textOf = (bytes: number, char = 'x') => {
    const width = Buffer.byteLength(char)
    const count = Math.floor((bytes - 2) / width)
    return JSON.stringify(char.repeat(count) + 'x'.repeat(bytes - 2 - count * width))
  }
  const room = maxMessageBytes - 1_024

  it.each(['x', 'é', '€', '😀'])('F15: accepts data that fill the room, and refuses one byte more, in %s', (char) => {
    expect(Buffer.byteLength(textOf(room, char))).toBe(room)
    expect(() => checkSize('Big', textOf(room - 1, char))).not.toThrow()
    expect(() => checkSize('Big', textOf(room, char))).not.toThrow()
    expect(() => checkSize('Big', textOf(room + 1, char))).toThrow(MessageTooLargeError)
  })

  it.each([65_535, 65_537, 1_048_575, 1_048_577])('F15: refuses %d bytes of data, and says the cure', (bytes) => {
    expect(() => checkSize('Big', textOf(bytes))).toThrow(
      `Big has ${bytes} bytes of data, at most ${room} fit: send ids instead of contents`,
    )
  })

  it('F15: the largest data with the longest names a declaration may have make a message of at most 64 KiB', () => {
    const long = (char: string) => char.repeat(64)
    const only = { ...step('pivot', long('s'), long('p')), done: named(long('d')), failed: named(long('f')) }
    const saga = declared([{ ...only, state: long('a') }], { name: long('S'), version: Number.MAX_SAFE_INTEGER })
    const message = envelope({
      id: messageId(sagaId, { kind: 'step', at: only.at, step: only.name, phase: 'settle' }),
      service: only.at,
      type: only.done.name,
      key: sagaId,
      definition: saga.id,
      time: sample.time,
      data: JSON.parse(textOf(room)),
    })
    expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(maxMessageBytes)
  })
})
