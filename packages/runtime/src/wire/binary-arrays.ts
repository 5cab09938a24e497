import type { Scalar } from '../ports/database.ts'
import type { Output } from './output.ts'
import { oid } from './types.ts'
import { writeUuid } from './uuid.ts'

/** Writes an element without its length. False: it has no binary form here, and the server shall judge its text. */
type ElementWriter = (output: Output, element: Exclude<Scalar, null>) => boolean

const INT8_MIN = -(2n ** 63n)
const INT8_MAX = 2n ** 63n - 1n

const text: ElementWriter = (output, element) => {
  output.text(typeof element === 'string' ? element : String(element))
  return true
}

const int4: ElementWriter = (output, element) => {
  if (typeof element !== 'number' || (element | 0) !== element) return false
  output.int32(element)
  return true
}

const int8: ElementWriter = (output, element) => {
  if (typeof element === 'bigint') {
    if (element < INT8_MIN || element > INT8_MAX) return false
    output.int64(element)
    return true
  }
  if (typeof element !== 'number' || !Number.isSafeInteger(element)) return false
  const high = Math.floor(element / 2 ** 32)
  output.int32(high)
  output.int32(element - high * 2 ** 32)
  return true
}

const float8: ElementWriter = (output, element) => {
  if (typeof element !== 'number') return false
  output.float64(element)
  return true
}

const bool: ElementWriter = (output, element) => {
  if (typeof element !== 'boolean') return false
  output.byte(element ? 1 : 0)
  return true
}

const uuid: ElementWriter = (output, element) => typeof element === 'string' && writeUuid(output, element)

const jsonb: ElementWriter = (output, element) => {
  output.byte(1)
  return text(output, element)
}

const byArrayType: ReadonlyMap<number, { readonly type: number; readonly write: ElementWriter }> = new Map([
  [oid.boolArray, { type: oid.bool, write: bool }],
  [oid.int4Array, { type: oid.int4, write: int4 }],
  [oid.int8Array, { type: oid.int8, write: int8 }],
  [oid.float8Array, { type: oid.float8, write: float8 }],
  [oid.textArray, { type: oid.text, write: text }],
  [oid.varcharArray, { type: oid.varchar, write: text }],
  [oid.uuidArray, { type: oid.uuid, write: uuid }],
  [oid.jsonbArray, { type: oid.jsonb, write: jsonb }],
])

/** Writes an array in binary format; false, with rubbish written, if its type or an element has no binary form here. */
export function writeBinaryArray(output: Output, arrayType: number, elements: readonly Scalar[]): boolean {
  const element = byArrayType.get(arrayType)
  if (!element) return false
  const { type, write } = element
  output.int32(elements.length === 0 ? 0 : 1)
  output.int32(elements.includes(null) ? 1 : 0)
  output.int32(type)
  if (elements.length === 0) return true
  output.int32(elements.length)
  output.int32(1)
  for (const value of elements) {
    if (value === null) {
      output.int32(-1)
      continue
    }
    const length = output.gap()
    if (!write(output, value)) return false
    output.fill(length)
  }
  return true
}
