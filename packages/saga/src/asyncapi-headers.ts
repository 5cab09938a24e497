const text = { type: 'string' } as const
const uuid = { type: 'string', format: 'uuid' } as const

/** The key of every record: the saga, so that its messages keep their order. */
export const sagaKey = uuid

/** The headers of every message: the attributes of CloudEvents 1.0 in the binary mode of its Kafka binding, our extensions, and where it stands in a trace. */
export const headersSchema = {
  type: 'object',
  required: [
    'content-type',
    'ce_specversion',
    'ce_id',
    'ce_source',
    'ce_type',
    'ce_subject',
    'ce_time',
    'ce_correlationid',
    'traceparent',
  ],
  properties: {
    'content-type': { const: 'application/json' },
    ce_specversion: { const: '1.0' },
    ce_id: { ...text, description: 'The same however often the message is sent.' },
    ce_source: { ...text, pattern: '^/', description: 'A slash and the service that wrote the message.' },
    ce_type: text,
    ce_subject: { ...uuid, description: 'The saga; also the key of the record.' },
    ce_time: { ...text, format: 'date-time', description: 'When it was written to the log. Never used for ordering.' },
    ce_correlationid: { ...uuid, description: 'The saga: the same for every message of one business transaction.' },
    ce_definition: { ...text, description: 'Name, version and fingerprint of the declaration; absent on other events.' },
    ce_logposition: { ...text, pattern: '^\\d+/\\d+/\\d+$', description: 'Where it lies in the log of its sender.' },
    ce_mailbox: { ...text, description: 'The service that it is for.' },
    traceparent: {
      ...text,
      pattern: '^00-[\\da-f]{32}-[\\da-f]{16}-01$',
      description: 'W3C Trace Context: the trace is the saga, its id without dashes.',
    },
  },
} as const

/** The headers of the messages of one type. @param definition the declaration's id; absent on events of no saga */
export function headersOf(type: string, definition?: string): object {
  const own = { ce_type: { const: type }, ...(definition !== undefined && { ce_definition: { const: definition } }) }
  return {
    type: 'object',
    allOf: [
      { $ref: '#/components/schemas/headers' },
      { type: 'object', properties: own, ...(definition !== undefined && { required: ['ce_definition'] }) },
    ],
  }
}
