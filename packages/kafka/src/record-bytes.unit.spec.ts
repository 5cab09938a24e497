import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c, Reader, readRecordsBatches } from './client.ts'
import { RecordBody, recordBatch } from './record-bytes.ts'

interface Plain {
  readonly key: string
  readonly value: string
  readonly headers: readonly (readonly [string, string])[]
}
function bodyOf({ key, value, headers }: Plain): Buffer {
  const body = new RecordBody(key, value, headers.length)
  for (const [name, text] of headers) body.header(name, text)
  return body.bytes()
}
const numbering = { producerId: 77n, producerEpoch: 3, sequence: 12 }
const written = (records: readonly Plain[], time = 1_900_000_000_000n) =>
  recordBatch(records.map(bodyOf), time, numbering, crc32c)
const read = (bytes: Buffer) => readRecordsBatches(Reader.from(bytes))

const text = fc.string({ unit: 'binary', maxLength: 300 })
const record: fc.Arbitrary<Plain> = fc.record({
  key: text,
  value: fc.oneof(text, fc.constant('é'.repeat(40_000)), fc.constant('x'.repeat(70_000))),
  headers: fc.array(fc.tuple(fc.stringMatching(/^[a-z_]{1,20}$/), text), { maxLength: 15 }),
})

describe('what we write of records', () => {
  it('the client reads as it was', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), (records) => {
        const [batch, ...others] = read(written(records))
        expect(others).toEqual([])
        const found = batch?.records.map(({ key, value, headers }) => ({
          key: String(key ?? ''),
          value: String(value ?? ''),
          headers: headers.map(([name, value]) => [String(name), String(value ?? '')]),
        }))
        // What is no text has no UTF-8: it is written as the character that stands for it.
        const asUtf8 = (plain: string) => Buffer.from(plain).toString()
        expect(found).toEqual(
          records.map(({ key, value, headers }) => ({
            key: asUtf8(key),
            value: asUtf8(value),
            headers: headers.map(([name, value]) => [name, asUtf8(value)]),
          })),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('has offsets one after the other, also where they take two bytes and three, and all the time of the batch', () => {
    const records = Array.from({ length: 9_000 }, (_, n) => ({ key: `${n}`, value: '', headers: [] }))
    const [batch] = read(written(records))
    expect(batch?.records.map(({ offsetDelta }) => offsetDelta)).toEqual(records.map((_, n) => n))
    expect(batch?.records.map(({ key }) => String(key))).toEqual(records.map(({ key }) => key))
    expect(batch?.records.every(({ timestampDelta }) => timestampDelta === 0n)).toBe(true)
    expect(batch).toMatchObject({ lastOffsetDelta: 8_999, firstTimestamp: 1_900_000_000_000n, maxTimestamp: 1_900_000_000_000n })
  })

  it('is numbered, and ends where it says that it ends', () => {
    const bytes = written([{ key: 'k', value: 'v', headers: [['n', 'x']] }])
    const [batch] = read(bytes)
    expect(batch).toMatchObject({ magic: 2, attributes: 0, producerId: 77n, producerEpoch: 3, firstSequence: 12 })
    expect(batch?.length).toBe(bytes.length - 12)
    expect(batch?.crc).toBe(crc32c(bytes.subarray(21)))
  })
})
