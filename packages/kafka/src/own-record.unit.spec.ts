import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loggedMessage } from '../../runtime/src/testing/broker-conformance.ts'
import { type Received, toDelivery } from './incoming.ts'
import { headerNames } from './outgoing.ts'
import { ownMessage } from './own-record.ts'
import { RecordBody } from './record-bytes.ts'
import { fetched, written } from './testing/received.ts'

const messages = [loggedMessage(7), loggedMessage(8, undefined, true), { ...loggedMessage(9), body: '{"a":"Zoë 𝄞"}' }]

interface Plain {
  readonly key: string
  readonly value: string
  readonly headers: readonly (readonly [string, string])[]
}
const plain = ({ key, value, headers }: Received): Plain => ({
  key: String(key),
  value: String(value),
  headers: headers.map(([name, text]) => [String(name), String(text)]),
})
function bytesOf({ key, value, headers }: Plain): Buffer {
  const body = new RecordBody(key, value, headers.length)
  for (const [name, text] of headers) body.header(name, text)
  return body.bytes()
}

/** The same record, its parts in places of their own, so that it is read as any other. */
function scattered({ key, value, headers, ...place }: Received): Received {
  const copy = (part: Buffer | null) => {
    const bytes = Buffer.allocUnsafeSlow(part?.length ?? 0)
    part?.copy(bytes)
    return bytes
  }
  return { ...place, key: copy(key), value: copy(value), headers: headers.map(([name, text]) => [copy(name), copy(text)]) }
}

const index = fc.nat({ max: headerNames.length - 1 })
const text = fc.oneof(
  fc.constantFrom('', '1.0', '/payments', '1/2/3', '1/x/3', 'store', messages[0]?.key ?? '', '2026-11-22T21:06:44Z', 'é', 'a\0b'),
  fc.string({ maxLength: 100 }),
)
/** What else may come instead of a record. */
const change: fc.Arbitrary<(record: Plain) => Plain> = fc.oneof(
  fc.constant((record: Plain) => record),
  fc.tuple(index, text).map(
    ([at, other]) =>
      (record: Plain): Plain => ({ ...record, headers: record.headers.map(([name, was], n) => [name, n === at ? other : was]) }),
  ),
  fc.tuple(index, text).map(
    ([at, other]) =>
      (record: Plain): Plain => ({ ...record, headers: record.headers.map(([name, was], n) => [n === at ? other : name, was]) }),
  ),
  index.map(
    (at) =>
      (record: Plain): Plain => ({ ...record, headers: record.headers.filter((_, n) => n !== at) }),
  ),
  index.map(
    (at) =>
      (record: Plain): Plain => ({ ...record, headers: [...record.headers, ...record.headers.slice(at, at + 1)] }),
  ),
  fc.tuple(index, index).map(
    ([from, to]) =>
      (record: Plain): Plain => ({
        ...record,
        headers: record.headers.toSpliced(to, 0, ...record.headers.slice(from, from + 1)).slice(0, record.headers.length),
      }),
  ),
  text.map(
    (value) =>
      (record: Plain): Plain => ({ ...record, value }),
  ),
  index.map(
    (at) =>
      (record: Plain): Plain => ({
        ...record,
        headers: record.headers.map(([name, was], n) => [n === at ? `${name}x` : name, was]),
      }),
  ),
  fc.uuid().map(
    (key) =>
      (record: Plain): Plain => ({ ...record, key }),
  ),
  text.map(
    (more) =>
      (record: Plain): Plain => ({ ...record, key: record.key + more }),
  ),
)

describe('a record that we have written', () => {
  it.each(messages)('is read as it was: $type', (message) => {
    expect(ownMessage('store', written('store', message))).toEqual(message)
  })

  it('is none of which a part lies elsewhere', () => {
    const record = written('store', messages[0] ?? loggedMessage(0))
    const [first, second, ...others] = record.headers
    const crossed = [[first?.[0] ?? null, second?.[1] ?? null], [second?.[0] ?? null, first?.[1] ?? null], ...others] as const
    expect(ownMessage('store', { ...record, headers: crossed })).toBeUndefined()
    expect(ownMessage('store', scattered(record))).toBeUndefined()
  })

  it('rows 60, 61, 66: and whatever is changed in it, is read as that of any other program', () => {
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.array(change, { maxLength: 2 }), (message, changes) => {
        const record = fetched(bytesOf(changes.reduce((one, change) => change(one), plain(written('store', message)))))
        expect(toDelivery('store', record)).toEqual(toDelivery('store', scattered(record)))
      }),
      { numRuns: 5_000 },
    )
  })
})
