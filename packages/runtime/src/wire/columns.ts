import { DatabaseError, type Row } from '../ports/database.ts'
import { parseArray } from './array-text.ts'
import { oid } from './types.ts'

/** Reads one value in text format from bytes[start, end). */
export type Decoder = (bytes: Buffer, start: number, end: number) => unknown

export interface Column {
  readonly name: string
  readonly decode: Decoder
}

const ZERO = 0x30
const MINUS = 0x2d
const TRUE = 0x74
/** So many digits are exact in a double, whatever they are. */
const EXACT_DIGITS = 15

const text: Decoder = (bytes, start, end) => bytes.toString('utf8', start, end)

const bool: Decoder = (bytes, start) => bytes[start] === TRUE

/** By hand: a third of the cost of making a string first. */
const int: Decoder = (bytes, start, end) => {
  const negative = bytes[start] === MINUS
  let value = 0
  for (let at = negative ? start + 1 : start; at < end; at += 1) value = value * 10 + bytes.readUInt8(at) - ZERO
  return negative ? -value : value
}

const int8: Decoder = (bytes, start, end) =>
  end - start > EXACT_DIGITS ? safeInteger(bytes.toString('latin1', start, end)) : int(bytes, start, end)

const float: Decoder = (bytes, start, end) => Number(bytes.toString('latin1', start, end))

const json: Decoder = (bytes, start, end) => JSON.parse(bytes.toString('utf8', start, end)) as unknown

const arrayOf =
  (element: (text: string) => unknown): Decoder =>
  (bytes, start, end) =>
    parseArray(bytes.toString('utf8', start, end), element)

const textArray = arrayOf((element) => element)
const intArray = arrayOf(safeInteger)

const decoders: ReadonlyMap<number, Decoder> = new Map([
  [oid.bool, bool],
  [oid.int2, int],
  [oid.int4, int],
  [oid.int8, int8],
  [oid.float8, float],
  [oid.json, json],
  [oid.jsonb, json],
  [oid.int2Array, intArray],
  [oid.int4Array, intArray],
  [oid.int8Array, intArray],
  [oid.textArray, textArray],
  [oid.varcharArray, textArray],
  [oid.uuidArray, textArray],
])

const refusing: ReadonlySet<Decoder> = new Set([int8, intArray, textArray])

/** How values of that type are read; text for every type that TypeScript has no better form for. */
export function decoderOf(type: number): Decoder {
  return decoders.get(type) ?? text
}

/** Whether the column's type has values that cannot be read. */
export function mayRefuse({ decode }: Column): boolean {
  return refusing.has(decode)
}

function safeInteger(digits: string): number {
  const value = Number(digits)
  if (Number.isSafeInteger(value)) return value
  throw new DatabaseError(`${digits} is outside the safe integers; select it as text`, '22003')
}

/** Reads the body of a DataRow that begins at `at`. */
export function decodeRow(columns: readonly Column[], bytes: Buffer, at: number): Row {
  const row: Row = {}
  let position = at + 2
  for (const { name, decode } of columns) {
    const length = bytes.readInt32BE(position)
    position += 4
    if (length < 0) {
      row[name] = null
    } else {
      row[name] = decode(bytes, position, position + length)
      position += length
    }
  }
  return row
}
