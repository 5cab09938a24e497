import type { Scalar, Value } from '../ports/database.ts'
import { arrayText } from './array-text.ts'
import { writeBinaryArray } from './binary-arrays.ts'
import { refuseDeepJson } from './json-depth.ts'
import type { Output } from './output.ts'
import { oid } from './types.ts'

const jsonTypes: ReadonlySet<number> = new Set([oid.json, oid.jsonb, oid.jsonArray, oid.jsonbArray])

/**
 * Writes one parameter with its length, and answers whether it is in binary format.
 *
 * Scalars are text: the server parses one as fast as we could. Arrays are binary wherever their type is known, because
 * that is 2 to 6 times cheaper: 500 JSON texts of 170 bytes cost 0.20 ms (client and server) instead of 1.2 ms as a quoted
 * literal, 500 uuids 0.16 instead of 0.45 ms, 500 int8 0.10 instead of 0.16 ms.
 *
 * @throws TypeError
 * @throws DatabaseError 54001
 */
export function writeParameter(output: Output, type: number, value: unknown, position: number): boolean {
  if (!isValue(value)) throw new TypeError(`$${position} is ${describe(value)}, which is no parameter value`)
  if (value === null) {
    output.int32(-1)
    return false
  }
  if (jsonTypes.has(type)) refuseDeepJson(value)
  const length = output.gap()
  const binary = isArray(value) && writeBinaryArray(output, type, value)
  if (!binary) {
    output.truncate(length + 4)
    output.text(isArray(value) ? arrayText(value) : String(value))
  }
  output.fill(length)
  return binary
}

function isArray(value: Value): value is readonly Scalar[] {
  return Array.isArray(value)
}

function isValue(value: unknown): value is Value {
  if (!Array.isArray(value)) return isScalar(value)
  // Not every(), which passes over the holes of a sparse array.
  for (const element of value) if (!isScalar(element)) return false
  return true
}

function isScalar(value: unknown): value is Scalar {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return true
    case 'number':
      return Number.isFinite(value)
    default:
      return value === null
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array with ${describe(value.find((element) => !isScalar(element)))}`
  if (typeof value === 'object' && value !== null) return `an object (${value.constructor?.name ?? 'without prototype'})`
  return typeof value === 'number' ? String(value) : typeof value
}
