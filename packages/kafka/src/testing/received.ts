import type { LoggedMessage } from '@comptoir/runtime'
import { crc32c, type MessageToProduce, Reader, readRecordsBatches } from '../client.ts'
import type { Received } from '../incoming.ts'
import { outgoing } from '../outgoing.ts'
import { recordBatch } from '../record-bytes.ts'

const bytesOf = (value: unknown): Buffer => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)))

const place = { topic: 'store', partition: 3, offset: 1204n, timestamp: 1_900_000_000_000n } as const

/** A record as it was fetched. */
export const receivedAs = (
  headers: Readonly<Record<string, unknown>>,
  value: string | Buffer | undefined,
  key: string | undefined,
): Received => ({
  ...place,
  key: key === undefined ? null : Buffer.from(key),
  value: value === undefined ? null : bytesOf(value),
  headers: Object.entries(headers)
    .filter(([, text]) => text !== undefined)
    .map(([name, text]) => [Buffer.from(name), bytesOf(text)]),
})

/** What we write for a message, as the client reads it. */
export const written = (mailbox: string, message: LoggedMessage): Received => fetched(outgoing(mailbox, message))

/** A record, as the client reads it when its bytes are these. */
export function fetched(body: Buffer): Received {
  const numbering = { producerId: -1n, producerEpoch: -1, sequence: -1 }
  const [batch] = readRecordsBatches(Reader.from(recordBatch([body], place.timestamp, numbering, crc32c)))
  const [record] = batch?.records ?? []
  if (!record) throw new Error('no record was written')
  const { key, value, headers } = record
  return { ...place, key, value, headers }
}

/** A message as any other program sends it. */
export function toRecord(topic: string, mailbox: string, message: LoggedMessage): MessageToProduce {
  const { key, value, headers } = written(mailbox, message)
  const given = headers.flatMap(([name, text]) => (name && text ? [[name, text] as const] : []))
  return { topic, key: key ?? Buffer.of(), value: value ?? Buffer.of(), headers: new Map(given) }
}
