import { MessageTooLargeError } from './errors.ts'

/** The largest message, as CloudEvents JSON, in bytes: every intermediary must forward 64 KiB (CloudEvents 1.0.2, size limits). */
export const maxMessageBytes = 65_536

/** CloudEvents 1.0 in structured JSON, with the extensions that this toolkit writes. */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  /** `/` and the service that wrote the message. */
  readonly source: string
  readonly type: string
  /** The saga id; also the partition key. */
  readonly subject: string
  /** RFC 3339, when the outbox row was written. Never used for ordering. */
  readonly time: string
  readonly datacontenttype: 'application/json'
  /** The saga's id, the same for every message of one business transaction. */
  readonly correlationid: string
  /** `name/version/fingerprint` of the declaration; absent on events that belong to no saga's protocol. */
  readonly definition?: string
  readonly data: unknown
}

/** What a message needs to become an envelope. */
export interface Enveloped {
  readonly id: string
  readonly service: string
  readonly type: string
  readonly key: string
  readonly definition?: string | undefined
  /** Milliseconds since 1970. */
  readonly time: number
  readonly data: unknown
}

/** All messages of one transaction are of one time. */
let lastTime = { at: 0, text: new Date(0).toISOString() }
function timeText(at: number): string {
  if (at !== lastTime.at) lastTime = { at, text: new Date(at).toISOString() }
  return lastTime.text
}

/** The message as a CloudEvent. */
export function envelope(message: Enveloped): CloudEvent {
  return {
    specversion: '1.0',
    id: message.id,
    source: `/${message.service}`,
    type: message.type,
    subject: message.key,
    time: timeText(message.time),
    datacontenttype: 'application/json',
    correlationid: message.key,
    ...(message.definition === undefined ? {} : { definition: message.definition }),
    data: message.data,
  }
}

/** No attribute of ours, all together, takes more than this; so the data alone decides whether a message fits. */
const attributeBytes = 1_024

/**
 * Refuses data that would not pass every step, when the outbox row is written.
 *
 * @param json the data as JSON text
 * @throws MessageTooLargeError
 */
export function checkSize(type: string, json: string): void {
  const room = maxMessageBytes - attributeBytes
  if (json.length * 3 <= room) return
  const bytes = utf8Length(json)
  if (bytes > room)
    throw new MessageTooLargeError(`${type} has ${bytes} bytes of data, at most ${room} fit: send ids instead of contents`)
}

function utf8Length(text: string): number {
  let bytes = 0
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
