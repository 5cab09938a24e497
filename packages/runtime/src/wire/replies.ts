import { DatabaseError } from '../ports/database.ts'
import { type Column, decoderOf } from './columns.ts'

/** Transaction state of the session: none, open, or failed and to be rolled back. */
export type Status = 'idle' | 'open' | 'failed'

const statuses: Readonly<Record<string, Status>> = { I: 'idle', T: 'open', E: 'failed' }
/** Notice, parameter status, notification: these may come between any two answers. */
const asides = new Set(['N', 'S', 'A'])

/** Walks over the messages of one answer. */
export class Replies {
  readonly bytes: Buffer
  /** Type letter of the message at hand; empty when there are no more. */
  type = ''
  /** Where its body begins and ends. */
  body = 0
  end = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.next()
  }

  /** Steps to the next message that is part of the answer. */
  next(): void {
    do {
      const start = this.end
      if (start + 5 > this.bytes.length) {
        this.type = ''
        return
      }
      this.type = String.fromCharCode(this.bytes.readUInt8(start))
      this.body = start + 5
      this.end = start + 1 + this.bytes.readInt32BE(start + 1)
    } while (asides.has(this.type))
  }

  /** Steps past a message of that type; false when another is at hand. */
  passes(type: string): boolean {
    if (this.type !== type) return false
    this.next()
    return true
  }

  /** Text of a body that is one terminated string. */
  text(): string {
    return this.bytes.toString('utf8', this.body, this.end - 1)
  }

  /** State that ReadyForQuery tells. */
  status(): Status | undefined {
    return statuses[this.bytes.toString('latin1', this.body, this.end)]
  }

  /** Type OIDs that ParameterDescription tells. */
  parameterTypes(): number[] {
    const count = this.bytes.readInt16BE(this.body)
    return Array.from({ length: count }, (_, index) => this.bytes.readUInt32BE(this.body + 2 + 4 * index))
  }

  /** Columns that RowDescription tells. */
  columns(): Column[] {
    const columns: Column[] = []
    let at = this.body + 2
    while (at < this.end) {
      const nameEnd = this.bytes.indexOf(0, at)
      const name = this.bytes.toString('utf8', at, nameEnd)
      columns.push({ name, decode: decoderOf(this.bytes.readUInt32BE(nameEnd + 7)) })
      at = nameEnd + 19
    }
    return columns
  }

  /** What ErrorResponse tells, and whether the server says that it has gone with it. */
  error(): { readonly error: DatabaseError; readonly fatal: boolean } {
    const fields = new Map<string, string>()
    for (const field of this.bytes.toString('utf8', this.body, this.end).split('\0')) fields.set(field.charAt(0), field.slice(1))
    const severity = fields.get('V')
    return {
      error: new DatabaseError(fields.get('M') ?? 'unknown error', fields.get('C') ?? 'XX000', fields.get('n')),
      fatal: severity === 'FATAL' || severity === 'PANIC',
    }
  }
}
