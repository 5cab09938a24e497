import type { LoggedMessage } from '@comptoir/runtime'
import { envelope, traceParent } from '@comptoir/saga'
import { RecordBody } from './record-bytes.ts'

/** The event's own id; that of a saga's message follows from its key and type, however often it is sent or published. */
export const messageIdOf = (message: LoggedMessage): string => message.id ?? `${message.key}:${message.type}`

const names = {
  contentType: Buffer.from('content-type'),
  specversion: Buffer.from('ce_specversion'),
  id: Buffer.from('ce_id'),
  source: Buffer.from('ce_source'),
  type: Buffer.from('ce_type'),
  subject: Buffer.from('ce_subject'),
  time: Buffer.from('ce_time'),
  correlation: Buffer.from('ce_correlationid'),
  definition: Buffer.from('ce_definition'),
  logPosition: Buffer.from('ce_logposition'),
  mailbox: Buffer.from('ce_mailbox'),
  // Where whoever traces Kafka's messages looks for it.
  traceParent: Buffer.from('traceparent'),
}

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
  const body = new RecordBody(message.key, message.body, event.definition === undefined ? 11 : 12)
    .header(names.contentType, event.datacontenttype)
    .header(names.specversion, event.specversion)
    .header(names.id, event.id)
    .header(names.source, event.source)
    .header(names.type, event.type)
    .header(names.subject, event.subject)
    .header(names.time, event.time)
    .header(names.correlation, event.correlationid)
  if (event.definition !== undefined) body.header(names.definition, event.definition)
  return (
    body
      // Where it lies in its log, so that it can be restored as it was; and whose it is, so that a copied topic is noticed.
      .header(names.logPosition, `${message.epoch}/${message.txid}/${message.pos}`)
      .header(names.mailbox, mailbox)
      .header(names.traceParent, traceParent(message.key, message.id ?? message.type))
      .bytes()
  )
}
