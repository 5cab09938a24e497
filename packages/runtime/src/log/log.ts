import { grouped } from '../grouped.ts'
import type { Transaction } from '../ports/database.ts'

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

/** From so many messages on, what those of a mailbox have in common is sent once, in a statement of their own. */
const manyAlike = 16

/**
 * Appends a set of messages, those of a mailbox in order, with the transaction that caused them. They are of the epoch that
 * the database is in now: a process that began in an earlier one must not write what nobody reads any more. Whoever raises
 * the epoch locks the log first, so none is underway meanwhile.
 */
export async function appendToLog(tx: Transaction, schema: string, entries: readonly LogEntry[]): Promise<void> {
  const mailboxes = grouped(entries, ({ mailbox }) => mailbox)
  const alike = [...mailboxes.values()].filter(isAlike)
  const others = alike.length === 0 ? entries : [...mailboxes.values()].filter((of) => !alike.includes(of)).flat()
  await Promise.all([
    ...alike.map((of) => appendAlike(tx, schema, of)),
    ...(others.length > 0 ? [appendMixed(tx, schema, others)] : []),
  ])
}

const isAlike = ([first, ...others]: readonly LogEntry[]): boolean =>
  others.length >= manyAlike - 1 &&
  first?.id === null &&
  others.every(({ type, definition, id }) => type === first.type && definition === first.definition && id === null)

/** Messages of a saga's protocol, all of one type and one declaration. */
async function appendAlike(tx: Transaction, schema: string, entries: readonly LogEntry[]): Promise<void> {
  const [{ mailbox, type, definition } = {} as LogEntry] = entries
  await tx.query(
    `insert into ${schema}.log (mailbox, epoch, key, type, definition, body)
     select $1, (select epoch from comptoir.epoch where single), key, $2, $3, body from unnest($4::uuid[], $5::text[]) as m(key, body)`,
    [mailbox, type, definition, entries.map(({ key }) => key), entries.map(({ body }) => body)],
  )
}

async function appendMixed(tx: Transaction, schema: string, entries: readonly LogEntry[]): Promise<void> {
  await tx.query(
    `insert into ${schema}.log (mailbox, epoch, key, type, id, definition, body)
     select mailbox, (select epoch from comptoir.epoch where single), key, type, id, definition, body
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

/** The database does not hold what this consumer has already read, or is in another epoch: it was restored while the process ran. */
export class CursorAheadError extends Error {
  override readonly name = 'CursorAheadError'
  constructor(source: string, at: Position) {
    super(
      `the log of ${source} is not the one that this consumer has read up to epoch ${at.epoch}, transaction ${at.txid}: the database was restored; restart this process, it will raise the epoch and read the log again`,
    )
  }
}
