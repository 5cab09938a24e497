import { isUtf8 } from 'node:buffer'
import { depthOf } from './json-depth.ts'
import { Refusal } from './refusal.ts'

/** Sixteen times what a message of ours may have; more than that is not even looked at. */
export const MAX_VALUE_BYTES = 1_048_576
const MAX_DEPTH = 32

/** @throws Refusal undecodable */
export function textOf(bytes: Buffer | null): string {
  if (!bytes || bytes.length === 0) throw new Refusal('undecodable', 'the value is empty')
  if (bytes.length > MAX_VALUE_BYTES) throw new Refusal('undecodable', `the value has ${bytes.length} bytes`)
  if (!isUtf8(bytes)) throw new Refusal('undecodable', 'the value is not UTF-8')
  return bytes.toString()
}

/**
 * Parses JSON that is no deeper than a message of ours; the depth is counted first, for a parser that overflows is no error
 * but an end.
 *
 * @throws Refusal undecodable
 */
export function parse(text: string): unknown {
  const depth = depthOf(text)
  if (depth > MAX_DEPTH) throw new Refusal('undecodable', `the value is nested ${depth} levels deep`)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Refusal('undecodable', `the value is not JSON: ${error instanceof Error ? error.message : error}`)
  }
}
