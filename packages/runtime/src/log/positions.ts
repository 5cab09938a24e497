import type { Database, Queryable, Transaction } from '../ports/database.ts'
import type { Position } from './log.ts'

/** A consumer's hold on its positions: what it has read of each source, and the lease that fences older holders. */
export interface Hold {
  readonly consumer: string
  readonly lease: number
  readonly at: Map<string, Position>
  /** False when the holder before did not stop cleanly: a message may have killed it. */
  readonly clean: boolean
}

/** Somebody else has taken over: whoever gets this stops, it may write nothing more. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
  constructor(consumer: string) {
    super(`another instance has taken over consumer ${consumer}: this one stops`)
  }
}

/** Takes the positions of a consumer over, fencing whoever held them. */
export async function takeOver(db: Database, schema: string, consumer: string, sources: readonly string[]): Promise<Hold> {
  return db.transaction(async (tx) => {
    await tx.query(
      `insert into ${schema}.position (consumer, source) select $1, s from unnest($2::text[]) as s on conflict do nothing`,
      [consumer, sources],
    )
    const rows = await tx.query<{ source: string; epoch: number; txid: string; pos: number; lease: number; clean: boolean }>(
      `select source, epoch, txid, pos, lease, clean from ${schema}.position where consumer = $1 and source = any($2) order by source for update`,
      [consumer, sources],
    )
    const lease = Math.max(...rows.map((row) => row.lease)) + 1
    await tx.query(`update ${schema}.position set lease = $3, clean = false where consumer = $1 and source = any($2)`, [
      consumer,
      sources,
      lease,
    ])
    return {
      consumer,
      lease,
      clean: rows.every((row) => row.clean),
      at: new Map(rows.map(({ source, epoch, txid, pos }) => [source, { epoch, txid, pos }])),
    }
  })
}

/**
 * Moves the positions past these messages, as the first statement of the transaction that handles them: one statement is
 * fence and cursor.
 *
 * @throws FencedError when the lease is not this holder's any more
 */
export const advance = (tx: Transaction, schema: string, hold: Hold, to: ReadonlyMap<string, Position>): Promise<void> =>
  move(tx, schema, hold, to, '')

/**
 * Moves positions in a transaction of its own, whose commit does not wait for the disk. Only for what can be read again: a
 * crash of the server forgets the last moments of such commits, always from some moment on, never one without those after it.
 *
 * @throws FencedError when the lease is not this holder's any more
 */
export const advanceAlone = (db: Database, schema: string, hold: Hold, to: ReadonlyMap<string, Position>): Promise<void> =>
  move(db, schema, hold, to, `(select set_config('synchronous_commit', 'off', true)) as relaxed, `)

async function move(
  db: Queryable,
  schema: string,
  hold: Hold,
  to: ReadonlyMap<string, Position>,
  relaxed: string,
): Promise<void> {
  const sources = [...to.keys()]
  const positions = [...to.values()]
  const rows = await db.query(
    `update ${schema}.position as p set epoch = n.epoch, txid = n.txid, pos = n.pos
     from ${relaxed}unnest($3::text[], $4::int[], $5::xid8[], $6::bigint[]) as n(source, epoch, txid, pos)
     where p.consumer = $1 and p.source = n.source and p.lease = $2
     returning 1`,
    [
      hold.consumer,
      hold.lease,
      sources,
      positions.map((p) => p.epoch),
      positions.map((p) => p.txid),
      positions.map((p) => p.pos),
    ],
  )
  if (rows.length !== sources.length) throw new FencedError(hold.consumer)
}

/**
 * Fences a transaction that moves no position; whoever takes over waits for its end.
 *
 * @throws FencedError when the lease is not this holder's any more
 */
export async function fence(tx: Transaction, schema: string, hold: Hold): Promise<void> {
  const rows = await tx.query(`select from ${schema}.position where consumer = $1 and lease = $2 for share`, [
    hold.consumer,
    hold.lease,
  ])
  if (rows.length === 0) throw new FencedError(hold.consumer)
}

/** Says that this holder stops between two transactions, so that the next one need not be careful. */
export async function releaseHold(db: Database, schema: string, hold: Hold): Promise<void> {
  await db.query(`update ${schema}.position set clean = true where consumer = $1 and lease = $2`, [hold.consumer, hold.lease])
}
