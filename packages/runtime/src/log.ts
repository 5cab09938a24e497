import type { Queryable, Row, Transaction } from './ports/database.ts'

/** A message as it lies in a log. `body` is the JSON text of its data. */
export interface LoggedMessage {
  /** The service whose log it is. */
  readonly source: string
  readonly epoch: number
  readonly txid: string
  readonly pos: number
  readonly key: string
  readonly type: string
  readonly id: string | null
  readonly definition: string | null
  readonly body: string
  /** Milliseconds since 1970. */
  readonly created: number
  /** Why it is no message of ours, when a broker brought it: its type is the kind of reason, its body what came. */
  readonly refused?: string
}

/** A message to append. */
export interface LogEntry {
  readonly mailbox: string
  readonly key: string
  readonly type: string
  readonly id: string | null
  readonly definition: string | null
  readonly body: string
}

/** A place in a log: rows are ordered by epoch, transaction id, position. */
export interface Position {
  readonly epoch: number
  readonly txid: string
  readonly pos: number
}

/**
 * Appends a set of messages, in order, with the transaction that caused them. They are of the epoch that the database is in
 * now: a process that began in an earlier one must not write what nobody reads any more. Whoever raises the epoch locks the
 * log first, so none is underway meanwhile.
 */
export async function appendToLog(tx: Transaction, schema: string, entries: readonly LogEntry[]): Promise<void> {
  await tx.query(
    `insert into ${schema}.log (mailbox, epoch, key, type, id, definition, body)
     select mailbox, (select epoch from comptoir.epoch), key, type, id, definition, body
     from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[]) as m(mailbox, key, type, id, definition, body)`,
    [
      entries.map((entry) => entry.mailbox),
      entries.map((entry) => entry.key),
      entries.map((entry) => entry.type),
      entries.map((entry) => entry.id),
      entries.map((entry) => entry.definition),
      entries.map((entry) => entry.body),
    ],
  )
}

/** What one poll found. `hidden`: rows exist that are not yet below the horizon, so look again in a moment. */
export interface Poll {
  readonly messages: LoggedMessage[]
  readonly horizon: Position
  readonly hidden: boolean
}

interface LogRow extends Row {
  horizon: string
  ahead: boolean
  epoch: number | null
  txid: string
  pos: number
  key: string
  type: string
  id: string | null
  definition: string | null
  body: string
  created: number
}

/**
 * No row is written so much earlier, by its own time, than one that was read before it: transactions end within seconds,
 * and the database's clock may be set back by a day. It only decides which partitions are opened.
 */
const lateMs = 26 * 3_600_000

/**
 * Reads what a mailbox got after `after`: rows of earlier epochs, and of the current epoch below the snapshot's horizon, so
 * that a transaction which commits late is never skipped (a cursor on a serial column lost 37.7 % of the events of 16
 * writers). Order is complete, not causal between overlapping transactions.
 *
 * @param since when the row at `after` was written (milliseconds): older partitions are not even opened
 * @throws CursorAheadError when the database is older than the cursor, or the epoch was raised since this process began
 */
export async function readLog(
  db: Queryable,
  source: string,
  mailbox: string,
  epoch: number,
  after: Position,
  since: number,
  limit: number,
): Promise<Poll> {
  const rows = await db.query<LogRow>(
    `select pg_snapshot_xmin(s) as horizon, $2::int = $4::int and $5::xid8 > pg_snapshot_xmax(s) or $2::int <> (select epoch from comptoir.epoch) as ahead, m.*
     from pg_current_snapshot() as s left join lateral (
       select epoch, txid, pos, key, type, id, definition, body, (extract(epoch from created) * 1000)::float8 as created
       from ${source}.log
       where mailbox = $1 and (epoch, txid, pos) > ($4::int, $5::xid8, $6::bigint) and created >= to_timestamp($7::float8)
       order by epoch, txid, pos
       limit $3::int
     ) as m on true`,
    [mailbox, epoch, limit, after.epoch, after.txid, after.pos, Math.max(0, since - lateMs) / 1000],
  )
  const first = rows[0]
  if (!first) throw new Error('the log answered nothing')
  if (first.ahead) throw new CursorAheadError(source, after)
  const horizon = BigInt(first.horizon)
  const isHidden = (row: LogRow | undefined) => row?.epoch === epoch && BigInt(row.txid) >= horizon
  const found = first.epoch === null ? [] : rows
  // In order, so either all are below the horizon or the hidden ones stand at the end.
  const visible = isHidden(found.at(-1)) ? found.filter((row) => !isHidden(row)) : found
  return {
    messages: visible.map((row) => message(source, row)),
    horizon: { epoch, txid: first.horizon, pos: 0 },
    hidden: visible.length < found.length,
  }
}

const message = (source: string, row: LogRow): LoggedMessage => ({
  source,
  epoch: row.epoch ?? 0,
  txid: row.txid,
  pos: row.pos,
  key: row.key,
  type: row.type,
  id: row.id,
  definition: row.definition,
  body: row.body,
  created: row.created,
})

/** The database does not hold what this consumer has already read, or is in another epoch: it was restored while the process ran. */
export class CursorAheadError extends Error {
  override readonly name = 'CursorAheadError'
  constructor(source: string, at: Position) {
    super(
      `the log of ${source} is not the one that this consumer has read up to epoch ${at.epoch}, transaction ${at.txid}: the database was restored; restart this process, it will raise the epoch and read the log again`,
    )
  }
}
