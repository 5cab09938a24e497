import type { MessageToProduce } from '../client.ts'
import type { Received } from '../incoming.ts'

const bytesOf = (value: unknown): Buffer => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)))

/** A record as the client hands it over. */
export function receivedAs(
  headers: Readonly<Record<string, unknown>>,
  value: string | Buffer | undefined,
  key: string | undefined,
): Received {
  return {
    topic: 'store',
    partition: 3,
    offset: 1204n,
    timestamp: 1_900_000_000_000n,
    // An absent one is undefined, whatever the client's types say.
    key: (key === undefined ? undefined : Buffer.from(key)) as Buffer,
    value: (value === undefined ? undefined : bytesOf(value)) as Buffer,
    headerEntries: Object.entries(headers)
      .filter(([, text]) => text !== undefined)
      .map(([name, text]) => [Buffer.from(name), bytesOf(text)]),
  }
}

/** A record that we wrote, as it comes back. */
export const received = (record: MessageToProduce): Received =>
  receivedAs(
    Object.fromEntries([...(record.headers as Map<Buffer, Buffer>)].map(([name, value]) => [name.toString(), value])),
    record.value,
    record.key?.toString(),
  )
