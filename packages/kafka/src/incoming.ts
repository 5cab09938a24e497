import { isUtf8 } from 'node:buffer'
import type { Delivery, LoggedMessage } from '@comptoir/runtime'
import { MAX_VALUE_BYTES } from './json-text.ts'
import { ownMessage, POSITION, UUID } from './own-record.ts'
import { type ReceivedEvent, receivedEvent } from './received-event.ts'
import type { FetchedRecord } from './record-client.ts'
import { Refusal } from './refusal.ts'
import { millisecondsOf } from './timestamp.ts'

/** What of a record is looked at. */
export type Received = Omit<FetchedRecord, 'leaderEpoch'>

/** A record as a delivery. Never throws: what is no message of ours says why, and the partition goes on behind it. */
export function toDelivery(mailbox: string, record: Received): Delivery {
  const place = `${record.topic}[${record.partition}]@${record.offset}`
  try {
    return { place, message: ownMessage(mailbox, record) ?? readMessage(mailbox, record), refused: null }
  } catch (error) {
    const reason = error instanceof Refusal ? error.reason : 'undecodable'
    const detail = error instanceof Error ? error.message : String(error)
    return { place, message: null, refused: { reason, detail, text: textOfRecord(record) } }
  }
}

function readMessage(mailbox: string, record: Received): LoggedMessage {
  const event = receivedEvent(record)
  const attribute = required(event)
  if (attribute('specversion') !== '1.0') throw invalid(`specversion is ${attribute('specversion')}`)
  const id = attribute('id')
  const source = attribute('source')
  const type = attribute('type')
  const key = attribute('subject')
  if (!UUID.test(key)) throw invalid('subject is no UUID in lower case')
  const definition = event.attributes.get('definition') ?? null
  if (definition === null && !UUID.test(id)) throw invalid('id is no UUID in lower case')
  const created = createdAt(event, record)
  const position = positionOf(event)
  checkRoute(mailbox, record, event, key)
  return {
    source: source.startsWith('/') ? source.slice(1) : source,
    ...position,
    key,
    type,
    // The id of a saga's message follows from its key and type.
    id: definition === null ? id : null,
    definition,
    body: event.body,
    created,
  }
}

const invalid = (detail: string) => new Refusal('invalid_cloudevent', detail)

const required = (event: ReceivedEvent) => (name: string) => {
  const value = event.attributes.get(name)
  if (value === undefined) throw invalid(`${name} is missing`)
  return value
}

function createdAt(event: ReceivedEvent, record: Received): number {
  const time = event.attributes.get('time')
  if (time === undefined) return Number(record.timestamp)
  const created = millisecondsOf(time)
  if (created === null) throw invalid(`time is ${time}, not as in RFC 3339`)
  return created
}

/** An event that came out of no log of ours stands nowhere. */
function positionOf(event: ReceivedEvent): Pick<LoggedMessage, 'epoch' | 'txid' | 'pos'> {
  const text = event.attributes.get('logposition')
  if (text === undefined) return { epoch: 0, txid: '0', pos: 0 }
  const [, epoch, txid, pos] = POSITION.exec(text) ?? []
  if (epoch === undefined || txid === undefined || pos === undefined) throw invalid(`logposition is ${text}`)
  return { epoch: Number(epoch), txid, pos: Number(pos) }
}

function checkRoute(mailbox: string, record: Received, event: ReceivedEvent, key: string): void {
  const recordKey = record.key?.toString()
  if (recordKey !== key) throw new Refusal('misrouted', `the record's key is ${recordKey ?? 'missing'}, the subject ${key}`)
  const partitionKey = event.attributes.get('partitionkey') ?? key
  if (partitionKey !== key) throw new Refusal('misrouted', `partitionkey is ${partitionKey}, the subject ${key}`)
  const addressee = event.attributes.get('mailbox') ?? mailbox
  if (addressee !== mailbox) throw new Refusal('misrouted', `the message is for ${addressee}`)
}

/** Headers and value for a person to read, in a form that any database stores; what is no text is in base64. */
function textOfRecord(record: Received): string {
  const lines = record.headers.map(([name, value]) => `${readable(name)}: ${readable(value)}\n`)
  return `key: ${readable(record.key)}\n${lines.join('')}\n${readable(record.value)}`
}

function readable(bytes: Buffer | null): string {
  if (!bytes) return ''
  const cut = bytes.length > MAX_VALUE_BYTES ? ` … (${bytes.length} bytes)` : ''
  const shown = bytes.subarray(0, MAX_VALUE_BYTES)
  return (isUtf8(shown) ? shown.toString().replaceAll('\0', '\u{fffd}') : `base64:${shown.toString('base64')}`) + cut
}
