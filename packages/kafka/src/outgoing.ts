import type { LoggedMessage } from '@comptoir/runtime'
import { envelope, traceParent } from '@comptoir/saga'
import { RecordBody } from './record-bytes.ts'

/** The event's own id; that of a saga's message follows from its key and type, however often it is sent or published. */
export const messageIdOf = (message: LoggedMessage): string => message.id ?? `${message.key}:${message.type}`

/** The headers of a record, in their order. A business event is of no declaration, and has all but the last. */
export const headerNames = [
  'content-type',
  'ce_specversion',
  'ce_id',
  'ce_source',
  'ce_type',
  'ce_subject',
  'ce_time',
  'ce_correlationid',
  // Where it lies in its log, so that it can be restored as it was; and whose it is, so that a copied topic is noticed.
  'ce_logposition',
  'ce_mailbox',
  // Where whoever traces Kafka's messages looks for it.
  'traceparent',
  'ce_definition',
] as const

/**
 * A message in the binary mode of the CloudEvents binding for Kafka: the attributes of its envelope in headers, its data as the
 * value.
 *
 * No record gets a timestamp of ours: retention counts by it, so a message that is published late would be deleted at once.
 */
export function outgoing(mailbox: string, message: LoggedMessage): Buffer {
  const event = envelope({
    id: messageIdOf(message),
    service: message.source,
    type: message.type,
    key: message.key,
    definition: message.definition ?? undefined,
    time: message.created,
    data: undefined,
  })
  const values = [
    event.datacontenttype,
    event.specversion,
    event.id,
    event.source,
    event.type,
    event.subject,
    event.time,
    event.correlationid,
    `${message.epoch}/${message.txid}/${message.pos}`,
    mailbox,
    traceParent(message.key, message.id ?? message.type),
    ...(event.definition === undefined ? [] : [event.definition]),
  ]
  const body = new RecordBody(message.key, message.body, values.length)
  for (const [index, value] of values.entries()) body.header(headerNames[index] ?? '', value)
  return body.bytes()
}
