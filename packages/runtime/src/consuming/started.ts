import type { Database, Transaction } from '../ports/database.ts'

/** A message that kills the process this often without finishing is a dead letter (F8). */
export const maxStarts = 3

/** Counts that a message is about to be handled, in a transaction of its own; answers how often by now. */
export async function countStart(db: Database, schema: string, id: string): Promise<number> {
  const [row] = await db.query<{ starts: number }>(
    `insert into ${schema}.started as s (id, starts) values ($1, 1) on conflict (id) do update set starts = s.starts + 1 returning starts`,
    [id],
  )
  return row?.starts ?? 1
}

/** It was handled, in the same transaction. */
export async function finishStart(tx: Transaction, schema: string, id: string): Promise<void> {
  await tx.query(`delete from ${schema}.started where id = $1`, [id])
}
