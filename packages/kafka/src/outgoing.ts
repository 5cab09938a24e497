import type { LoggedMessage } from '@comptoir/runtime'
import { envelope, traceParent } from '@comptoir/saga'
import { recordBody } from './record-bytes.ts'

/**
 * Messages in the binary mode of the CloudEvents binding for Kafka: attributes in headers, data as the value.
 *
 * No record gets a timestamp of ours: retention counts by it, so a message that is published late would be deleted at once.
 */
export const outgoing = (mailbox: string, message: LoggedMessage): Buffer =>
  recordBody(message.key, message.body, headersOf(mailbox, message))

/** Names are few and the same: made once. */
const names = new Map<string, Buffer>()
function headerName(name: string): Buffer {
  const known = names.get(name)
  if (known) return known
  const bytes = Buffer.from(name)
  names.set(name, bytes)
  return bytes
}

const CONTENT_TYPE = [headerName('content-type'), 'application/json'] as const

/** The event's own id; that of a saga's message follows from its key and type, however often it is sent or published. */
export const messageIdOf = (message: LoggedMessage): string => message.id ?? `${message.key}:${message.type}`

/** The headers of a message, in the order in which they are written. */
export function headersOf(mailbox: string, message: LoggedMessage): readonly (readonly [Buffer, string])[] {
  const {
    data: _data,
    datacontenttype: _contentType,
    ...attributes
  } = envelope({
    id: messageIdOf(message),
    service: message.source,
    type: message.type,
    key: message.key,
    definition: message.definition ?? undefined,
    time: message.created,
    data: undefined,
  })
  const headers: (readonly [Buffer, string])[] = [CONTENT_TYPE]
  for (const [name, value] of Object.entries(attributes)) headers.push([headerName(`ce_${name}`), value])
  // Where it lies in its log, so that it can be restored as it was; and whose it is, so that a copied topic is noticed.
  headers.push([headerName('ce_logposition'), `${message.epoch}/${message.txid}/${message.pos}`])
  headers.push([headerName('ce_mailbox'), mailbox])
  // Where whoever traces Kafka's messages looks for it.
  headers.push([headerName('traceparent'), traceParent(message.key, message.id ?? message.type)])
  return headers
}
