import type { LoggedMessage } from '@comptoir/runtime'
import { envelope, traceParent } from '@comptoir/saga'
import type { MessageToProduce } from './client.ts'

/**
 * Messages in the binary mode of the CloudEvents binding for Kafka: attributes in headers, data as the value.
 *
 * No record gets a timestamp of ours: retention counts by it, so a message that is published late would be deleted at once.
 */
const CONTENT_TYPE: readonly [Buffer, Buffer] = [Buffer.from('content-type'), Buffer.from('application/json')]

/** Where whoever traces Kafka's messages looks for it. */
const TRACE_PARENT = Buffer.from('traceparent')

/** Names are few and the same: made once. */
const names = new Map<string, Buffer>()
function headerName(attribute: string): Buffer {
  const known = names.get(attribute)
  if (known) return known
  const name = Buffer.from(`ce_${attribute}`)
  names.set(attribute, name)
  return name
}

/** The event's own id; that of a saga's message follows from its key and type, however often it is sent or published. */
export const messageIdOf = (message: LoggedMessage): string => message.id ?? `${message.key}:${message.type}`

export function toRecord(topic: string, mailbox: string, message: LoggedMessage): MessageToProduce {
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
  const headers = new Map([CONTENT_TYPE])
  for (const [name, value] of Object.entries(attributes)) headers.set(headerName(name), Buffer.from(value))
  // Where it lies in its log, so that it can be restored as it was; and whose it is, so that a copied topic is noticed.
  headers.set(headerName('logposition'), Buffer.from(`${message.epoch}/${message.txid}/${message.pos}`))
  headers.set(headerName('mailbox'), Buffer.from(mailbox))
  headers.set(TRACE_PARENT, Buffer.from(traceParent(message.key, message.id ?? message.type)))
  return { topic, key: Buffer.from(message.key), value: Buffer.from(message.body), headers }
}
