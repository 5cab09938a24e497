import type { Row } from '../ports/database.ts'
import { type Column, decodeRow } from './columns.ts'
import type { Outcome } from './issued.ts'
import type { Replies } from './replies.ts'

/** Reads all rows at hand, also past one that cannot be represented. */
export function readRows(replies: Replies, columns: readonly Column[]): Outcome {
  const rows: Row[] = []
  try {
    for (; replies.type === 'D'; replies.next()) rows.push(decodeRow(columns, replies.bytes, replies.body))
    return { rows }
  } catch (error) {
    while (replies.type === 'D') replies.next()
    return { error }
  }
}
