import type { LoggedMessage } from '@comptoir/runtime'
import { parse, textOf } from './json-text.ts'
import { headerNames } from './outgoing.ts'
import type { FetchedRecord } from './record-client.ts'
import { millisecondsOf } from './timestamp.ts'

type Parts = Pick<FetchedRecord, 'key' | 'value' | 'headers'>
type HeaderName = (typeof headerNames)[number]

/** Keys and ids as the database writes them; another spelling of the same one would be another one to it. */
export const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/
export const POSITION = /^(\d{1,9})\/(\d{1,20})\/(\d{1,15})$/
const PRINTABLE = /^[ -~]+$/

/**
 * The message of a record as `outgoing` writes it, read at half of the cost: key and headers are decoded at once, and what must
 * be there is compared in place. Undefined: it is another record, or something is wrong with it; it is read as any other.
 *
 * @throws Refusal when its data cannot be decoded
 */
export function ownMessage(mailbox: string, record: Parts): LoggedMessage | undefined {
  const { headers, value } = record
  const all = decode(record)
  if (all === undefined || !is(all, 'content-type', 'application/json') || !is(all, 'ce_specversion', '1.0')) return undefined
  const key = textOfHeader(all, 'ce_subject')
  if (
    !UUID.test(key) ||
    key.length !== record.key?.length ||
    !all.startsWith(key) ||
    !is(all, 'ce_correlationid', key) ||
    !is(all, 'ce_mailbox', mailbox)
  )
    return undefined
  const source = textOfHeader(all, 'ce_source')
  const type = textOfHeader(all, 'ce_type')
  if (!source.startsWith('/') || !PRINTABLE.test(source) || !PRINTABLE.test(type)) return undefined
  const id = textOfHeader(all, 'ce_id')
  const definition = headers.length === headerNames.length ? textOfHeader(all, 'ce_definition') : null
  if (definition === null ? !UUID.test(id) : !PRINTABLE.test(id) || !PRINTABLE.test(definition)) return undefined
  const created = millisecondsOf(textOfHeader(all, 'ce_time'))
  const position = POSITION.exec(textOfHeader(all, 'ce_logposition'))
  if (created === null || position === null) return undefined
  const body = textOf(value)
  parse(body)
  return {
    source: source.slice(1),
    epoch: Number(position[1]),
    txid: position[2] ?? '',
    pos: Number(position[3]),
    key,
    type,
    // The id of a saga's message follows from its key and type.
    id: definition === null ? id : null,
    definition,
    body,
    created,
  }
}

const places = Object.fromEntries(headerNames.map((name, place) => [name, place])) as Readonly<Record<HeaderName, number>>
/** Where the value of each header begins and ends in the record that is being read. One at a time. */
const [begins, ends] = [new Int32Array(headerNames.length), new Int32Array(headerNames.length)]

/**
 * Key, value and headers, a character for each byte. They lie in one piece, in this order: where a part lies elsewhere, or a
 * header has another name, the record is not ours.
 */
function decode({ key, headers }: Parts): string | undefined {
  const last = headers.at(-1)?.[1]
  if (!key || !last || headers.length > headerNames.length || headers.length < headerNames.length - 1) return undefined
  const start = key.byteOffset
  const length = last.byteOffset + last.length - start
  if (last.buffer !== key.buffer || length < 0) return undefined
  const all = Buffer.from(key.buffer, start, length).toString('latin1')
  let end = key.length
  for (let index = 0; index < headers.length; index += 1) {
    const name = headers[index]?.[0]
    const value = headers[index]?.[1]
    const expected = headerNames[index]
    if (!name || !value || expected === undefined) return undefined
    const [nameAt, valueAt] = [name.byteOffset - start, value.byteOffset - start]
    if (nameAt < end || valueAt < nameAt || name.length !== expected.length || !all.startsWith(expected, nameAt)) return undefined
    end = valueAt + value.length
    begins[index] = valueAt
    ends[index] = end
  }
  return all
}

const textOfHeader = (all: string, name: HeaderName): string => all.substring(begins[places[name]] ?? 0, ends[places[name]])

const is = (all: string, name: HeaderName, text: string): boolean => {
  const begin = begins[places[name]] ?? 0
  return (ends[places[name]] ?? 0) - begin === text.length && all.startsWith(text, begin)
}
