/** What comes before the first record of a batch: from the base offset to the number of records. */
const HEAD_BYTES = 61
/** The checksum is over all that follows it. */
const [CHECKSUM_AT, CHECKED_FROM] = [17, 21] as const
/** Where a record's body is written before it is copied out: its length is not known before. */
let scratch = Buffer.allocUnsafeSlow(16_384)

/** The producer that numbers its batches, so that a broker stores none of them twice. */
export interface Numbering {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** Of the first record. */
  readonly sequence: number
}

/**
 * Writes what a record holds behind its offset: key, value and headers, as Kafka's record format 2 has them
 * (kafka.apache.org/documentation/#record). One at a time.
 */
export class RecordBody {
  #at = 0

  /** @param headers how many will be added */
  constructor(key: string, value: string, headers: number) {
    // A character takes at most three bytes, a length at most five.
    this.#reserve(15 + 3 * (key.length + value.length))
    this.#at = writeText(scratch, this.#at, key)
    this.#at = writeText(scratch, this.#at, value)
    this.#at = writeVarint(scratch, this.#at, headers)
  }

  /** Both are written as UTF-8. */
  header(name: string, value: string): this {
    this.#reserve(10 + 3 * (name.length + value.length))
    this.#at = writeText(scratch, this.#at, name)
    this.#at = writeText(scratch, this.#at, value)
    return this
  }

  /** A copy of what was written. */
  bytes(): Buffer {
    return Buffer.from(scratch.subarray(0, this.#at))
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= scratch.length) return
    const larger = Buffer.allocUnsafeSlow(2 * (this.#at + bytes))
    scratch.copy(larger, 0, 0, this.#at)
    scratch = larger
  }
}

/** A batch of records in format 2, all of one time (kafka.apache.org/documentation/#recordbatch). */
export function recordBatch(
  bodies: readonly Buffer[],
  time: bigint,
  numbering: Numbering,
  checksum: (bytes: Buffer) => number,
): Buffer {
  // Of a record: its length, its attributes, the time and the offset after the batch's.
  const most = bodies.reduce((sum, body) => sum + body.length + 12, HEAD_BYTES)
  const bytes = Buffer.allocUnsafe(most)
  let at = HEAD_BYTES
  for (const [index, body] of bodies.entries()) {
    at = writeVarint(bytes, at, body.length + 2 + varintLength(index))
    bytes[at] = 0
    bytes[at + 1] = 0
    at = writeVarint(bytes, at + 2, index)
    at += body.copy(bytes, at)
  }
  bytes.writeBigInt64BE(0n, 0)
  bytes.writeInt32BE(at - 12, 8)
  // The leader's term: the broker fills it in.
  bytes.writeInt32BE(0, 12)
  bytes.writeInt8(2, 16)
  bytes.writeInt16BE(0, CHECKED_FROM)
  bytes.writeInt32BE(bodies.length - 1, 23)
  bytes.writeBigInt64BE(time, 27)
  bytes.writeBigInt64BE(time, 35)
  bytes.writeBigInt64BE(numbering.producerId, 43)
  bytes.writeInt16BE(numbering.producerEpoch, 51)
  bytes.writeInt32BE(numbering.sequence, 53)
  bytes.writeInt32BE(bodies.length, 57)
  bytes.writeUInt32BE(checksum(bytes.subarray(CHECKED_FROM, at)), CHECKSUM_AT)
  return bytes.subarray(0, at)
}

/** The length of a shorter text is one byte, and to copy that of a shorter one takes less than to ask for it. */
const SHORT = 64

function writeText(bytes: Buffer, at: number, text: string): number {
  if (text.length < SHORT) {
    let index = 0
    for (; index < text.length; index += 1) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) break
      bytes[at + 1 + index] = code
    }
    if (index === text.length) {
      bytes[at] = 2 * index
      return at + 1 + index
    }
  }
  const length = Buffer.byteLength(text)
  const start = writeVarint(bytes, at, length)
  bytes.write(text, start, length)
  return start + length
}

/** Kafka's varint of a number that is not negative: zigzag, seven bits in a byte, the lowest first. */
function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value * 2
  let end = at
  while (rest > 0x7f) {
    bytes[end] = (rest & 0x7f) | 0x80
    rest = Math.floor(rest / 128)
    end += 1
  }
  bytes[end] = rest
  return end + 1
}

function varintLength(value: number): number {
  let length = 1
  for (let rest = value * 2; rest > 0x7f; rest = Math.floor(rest / 128)) length += 1
  return length
}
