import { grouped } from '@comptoir/runtime'
import {
  type API,
  type Callback,
  type Connection,
  Consumer,
  crc32c,
  type KafkaRecord,
  kGetApi,
  type Message,
  Producer,
  Reader,
  type RecordsBatch,
  Writer,
} from './client.ts'
import { recordBatch } from './record-bytes.ts'

/*
 * The client's producer and consumer, but for records: ours have twelve headers, and the client writes each length and each
 * text of them into a buffer of its own, and hands records over one by one, each with two copies of its headers. Everything
 * else is the client's: connections, versions, retries, membership, who leads what (docs/decisions/0014).
 */

type Send = Connection['send']
/** A request of the client, in the version that the broker speaks: it asks the connection to send it. */
type Call = (connection: Pick<Connection, 'send'>, ...args: unknown[]) => void

/** The same request, sent by way of another `send`; `changed` is given the request's arguments. */
function sentBy<Api>(api: Api, changed: (send: Send, args: readonly unknown[]) => Send): Api {
  const call = api as Call
  const other: Call = (connection, ...args) => {
    const send: Send = (...parts) => connection.send(...parts)
    call({ send: changed(send, args) }, ...args)
  }
  // Its version, which the client asks for.
  return Object.assign(other, api)
}

/** From this version on a produce request has lengths of strings and arrays in as few bytes as they need. */
const COMPACT_FROM = 9

/** What a RecordProducer sends. */
export interface RecordToProduce {
  readonly topic: string
  readonly partition: number
  /** Its key, value and headers (`RecordBody`). */
  readonly value: Buffer
}
interface ProduceOptions {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** The number of the first record of each partition: `topic:partition`. */
  readonly sequences: { getWithDefault(partition: string, value: number): number }
}

/** An idempotent producer whose messages have in `value` what a record holds behind its offset: key, value and headers. */
export class RecordProducer extends Producer {
  override [kGetApi]<Args extends unknown[], Answer>(name: string, found: Callback<API<Args, Answer>>): void {
    super[kGetApi]<Args, Answer>(name, (error, api) => found(error, api && name === 'Produce' ? sentBy(api, producing) : api))
  }
}

const producing = (send: Send, args: readonly unknown[]): Send => {
  const [acks, timeout, records, options] = args as [number, number, RecordToProduce[], ProduceOptions]
  return (key, version, _create, ...rest) =>
    send(key, version, () => produceRequest(version >= COMPACT_FROM, acks, timeout, records, options), ...rest)
}

function produceRequest(
  compact: boolean,
  acks: number,
  timeout: number,
  records: readonly RecordToProduce[],
  { producerId, producerEpoch, sequences }: ProduceOptions,
): Writer {
  const now = BigInt(Date.now())
  const request = Writer.create().appendString(null, compact).appendInt16(acks).appendInt32(timeout)
  const writePartition = (writer: Writer, [partition, ofPartition]: [number, RecordToProduce[]], topic: string) => {
    const sequence = sequences.getWithDefault(`${topic}:${partition}`, 0)
    const bodies = ofPartition.map(({ value }) => value)
    const batch = recordBatch(bodies, now, { producerId, producerEpoch, sequence }, crc32c)
    writer.appendInt32(partition)
    if (compact) writer.appendUnsignedVarInt(batch.length + 1)
    else writer.appendInt32(batch.length)
    writer.append(batch)
  }
  request.appendArray(
    [...grouped(records, ({ topic }) => topic)],
    (writer, [topic, ofTopic]) => {
      writer.appendString(topic, compact)
      const partitions = [...grouped(ofTopic, ({ partition }) => partition)]
      writer.appendArray(partitions, (inner, partition) => writePartition(inner, partition, topic), compact, compact)
    },
    compact,
    compact,
  )
  return compact ? request.appendTaggedFields() : request
}

/** A record as it was fetched. */
export interface FetchedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly leaderEpoch: number
  /** Milliseconds since 1970. */
  readonly timestamp: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[]
}

/** The records of a batch that were asked for, in place of the value of the last of them. */
interface FetchedBatch {
  readonly batch: RecordsBatch
  readonly records: readonly KafkaRecord[]
}

/** The records that a message of a BatchConsumer stands for. */
export function recordsOf({ topic, partition, value }: Message): FetchedRecord[] {
  const { batch, records } = value as unknown as FetchedBatch
  const { firstOffset, firstTimestamp, partitionLeaderEpoch: leaderEpoch } = batch
  return records.map(({ offsetDelta, timestampDelta, key, value, headers }) => ({
    topic,
    partition,
    offset: firstOffset + BigInt(offsetDelta),
    leaderEpoch,
    timestamp: firstTimestamp + timestampDelta,
    key,
    value,
    headers,
  }))
}

interface FetchedPartitions {
  readonly responses: readonly {
    readonly topicId: string
    readonly partitions: readonly { readonly partitionIndex: number; readonly records?: RecordsBatch[] | null }[]
  }[]
}
interface AskedTopic {
  readonly topicId: string
  readonly partitions: readonly { readonly partition: number; readonly fetchOffset: bigint }[]
}

/** A consumer whose messages are batches of records (`recordsOf`). */
export class BatchConsumer extends Consumer {
  /** From which offset on each partition was asked for last: a request names those only that have changed. */
  readonly #asked = new Map<string, bigint>()

  override [kGetApi]<Args extends unknown[], Answer>(name: string, found: Callback<API<Args, Answer>>): void {
    super[kGetApi]<Args, Answer>(name, (error, api) =>
      found(error, api && name === 'Fetch' ? sentBy(api, (send, args) => this.#fetching(send, args)) : api),
    )
  }

  #fetching(send: Send, args: readonly unknown[]): Send {
    for (const { topicId, partitions } of args[6] as AskedTopic[])
      for (const { partition, fetchOffset } of partitions) this.#asked.set(`${topicId}:${partition}`, fetchOffset)
    return (key, version, create, parse, ...rest) =>
      send(
        key,
        version,
        create,
        (correlation, apiKey, apiVersion, reader) => {
          // In one piece: in many, each number is searched for from the first one on.
          const answer = parse(correlation, apiKey, apiVersion, new Reader(Reader.from(reader.buffer.buffer).buffer))
          this.#gather(answer as FetchedPartitions)
          return answer
        },
        ...rest,
      )
  }

  #gather({ responses }: FetchedPartitions): void {
    for (const { topicId, partitions } of responses) {
      for (const { partitionIndex, records } of partitions) {
        const from = this.#asked.get(`${topicId}:${partitionIndex}`) ?? 0n
        for (const batch of records ?? []) {
          const wanted = batch.records.filter(({ offsetDelta }) => batch.firstOffset + BigInt(offsetDelta) >= from)
          const last = wanted.at(-1)
          const value: FetchedBatch = { batch, records: wanted }
          batch.records = last ? [{ ...last, key: null, headers: [], value: value as never }] : []
        }
      }
    }
  }
}
