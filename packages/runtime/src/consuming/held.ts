import type { LoggedMessage } from '../log/log.ts'
import { fence, type Hold } from '../log/positions.ts'
import type { Database, Transaction } from '../ports/database.ts'

/**
 * Why a message waits: retry (it failed and is tried again), parked (behind another of its key), dead (a person is needed),
 * unknown (this code does not know its declaration). paused: it is the one that said that its saga is paused, and stands before
 * all others of its key.
 */
export type HeldState = 'retry' | 'parked' | 'dead' | 'unknown' | 'paused'

/** A message that waits in the database. */
export interface HeldMessage {
  readonly heldId: number
  readonly state: HeldState
  readonly attempts: number
  readonly attention: boolean
  readonly error: string | null
  readonly message: LoggedMessage
}

interface HeldRow {
  id: number
  state: HeldState
  attempts: number
  attention: boolean
  error: string | null
  key: string
  source: string
  type: string
  message_id: string | null
  definition: string | null
  body: string
  created: number
}

const columns =
  'id, state, attempts, attention, error, key, source, type, message_id, definition, body, (extract(epoch from created) * 1000)::float8 as created'

const heldMessage = (row: HeldRow): HeldMessage => ({
  heldId: row.id,
  state: row.state,
  attempts: row.attempts,
  attention: row.attention,
  error: row.error,
  message: {
    source: row.source,
    epoch: 0,
    txid: '0',
    pos: 0,
    key: row.key,
    type: row.type,
    id: row.message_id,
    definition: row.definition,
    body: row.body,
    created: row.created,
  },
})

/**
 * Puts messages into the waiting room of their keys, each once, however often it is brought. The key's row is locked, so that
 * no parker and releaser miss each other.
 */
export async function hold(
  tx: Transaction,
  schema: string,
  state: HeldState,
  messages: readonly LoggedMessage[],
  why: { dueInMs?: number; error?: string; attempts?: number },
): Promise<void> {
  const keys = [...new Set(messages.map((message) => message.key))].sort()
  await tx.query(`insert into ${schema}.held_key (key) select * from unnest($1::uuid[]) on conflict do nothing`, [keys])
  await tx.query(`select from ${schema}.held_key where key = any($1::uuid[]) order by key for update`, [keys])
  await tx.query(
    `insert into ${schema}.held_message (key, state, due, attempts, error, source, type, message_id, definition, body, created)
     select key, $1, comptoir.now() + make_interval(secs => $2::float8 / 1000), $3, $4, source, type, id, definition, body, to_timestamp(created / 1000)
     from unnest($5::uuid[], $6::text[], $7::text[], $8::uuid[], $9::text[], $10::text[], $11::float8[])
       as m(key, source, type, id, definition, body, created)
     where not exists (
       select from ${schema}.held_message as h
       where h.key = m.key and h.source = m.source and h.type = m.type and h.message_id is not distinct from m.id
         and h.created = to_timestamp(m.created / 1000)
     )`,
    [
      state,
      why.dueInMs ?? null,
      why.attempts ?? (state === 'retry' ? 1 : 0),
      why.error ?? null,
      messages.map((m) => m.key),
      messages.map((m) => m.source),
      messages.map((m) => m.type),
      messages.map((m) => m.id),
      messages.map((m) => m.definition),
      messages.map((m) => m.body),
      messages.map((m) => m.created),
    ],
  )
}

/**
 * Writes dead letters for what is no message of ours. They belong to no saga: no key waits for them.
 *
 * @param refused each with its reason in `error`
 */
export async function holdRefused(
  tx: Transaction,
  schema: string,
  refused: readonly { readonly message: LoggedMessage; readonly error: string }[],
): Promise<void> {
  await tx.query(
    `insert into ${schema}.held_message (key, state, settled, error, source, type, message_id, body, created)
     select key, 'dead', true, error, source, type, key, body, to_timestamp(created / 1000)
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[]) as m(key, error, source, type, body, created)`,
    [
      refused.map(({ message }) => message.key),
      refused.map(({ error }) => error),
      refused.map(({ message }) => message.source),
      refused.map(({ message }) => message.type),
      refused.map(({ message }) => message.body),
      refused.map(({ message }) => message.created),
    ],
  )
}

/** Those of the keys that wait, locked until the end of the transaction. */
export async function lockHeldKeys(tx: Transaction, schema: string, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ key: string }>(
    `select key from ${schema}.held_key where key = any($1::uuid[]) order by key for update`,
    [keys],
  )
  return new Set(rows.map((row) => row.key))
}

/** The keys that wait. */
export async function heldKeys(db: Database, schema: string): Promise<string[]> {
  const rows = await db.query<{ key: string }>(`select key from ${schema}.held_key`)
  return rows.map((row) => row.key)
}

/** Those of them whose saga is paused. */
export async function pausedKeys(db: Database, schema: string): Promise<string[]> {
  const rows = await db.query<{ key: string }>(`select key from ${schema}.held_message where state = 'paused'`)
  return rows.map((row) => row.key)
}

/**
 * The end of a pause: what is parked behind it is due, in order. The keys are locked, so that nobody parks meanwhile; one for
 * which nothing waits is free.
 */
export async function endPause(tx: Transaction, schema: string, key: string): Promise<void> {
  await tx.query(`select from ${schema}.held_key where key = $1 for update`, [key])
  await tx.query(`delete from ${schema}.held_message where key = $1 and state = 'paused'`, [key])
  await tx.query(
    `update ${schema}.held_message set state = 'retry', due = comptoir.now()
     where state = 'parked' and id = (select id from ${schema}.held_message where key = $1 and not settled order by id limit 1)`,
    [key],
  )
  await tx.query(
    `delete from ${schema}.held_key where key = $1 and not exists (select from ${schema}.held_message where key = $1 and not settled)`,
    [key],
  )
}

/** Messages of these declarations were held because no code knew them: now some does. */
export async function releaseUnknown(db: Database, schema: string, definitions: readonly string[]): Promise<void> {
  await db.query(
    `update ${schema}.held_message set state = 'retry', due = comptoir.now() where state = 'unknown' and definition = any($1)`,
    [definitions],
  )
}

/** Keys whose first message is due, and in how many milliseconds the next one is (null: none). */
export async function dueKeys(db: Database, schema: string): Promise<{ keys: string[]; nextInMs: number | null }> {
  const rows = await db.query<{ key: string; in_ms: number }>(
    `select key, (extract(epoch from due - comptoir.now()) * 1000)::float8 as in_ms from ${schema}.held_message where state = 'retry' order by due limit 100`,
  )
  const later = rows.find((row) => row.in_ms > 0)
  return {
    keys: [...new Set(rows.filter((row) => row.in_ms <= 0).map((row) => row.key))],
    nextInMs: later?.in_ms ?? (rows.length > 0 ? 0 : null),
  }
}

/**
 * The first message of a key that waits, its attempt counted before it starts (so that one which kills the process is
 * counted too, F8). `released`: nothing waits any more and the key is free. Undefined: it is not its turn.
 *
 * @param passes whether a message is handled also while its saga is paused
 */
export async function startAttempt(
  db: Database,
  schema: string,
  hold: Hold,
  key: string,
  passes: (message: LoggedMessage) => boolean,
): Promise<HeldMessage | 'released' | undefined> {
  return db.transaction(async (tx) => {
    await fence(tx, schema, hold)
    await tx.query(`select from ${schema}.held_key where key = $1 for update`, [key])
    const [first] = await tx.query<HeldRow & { due_now: boolean; paused: boolean }>(
      `select ${columns}, coalesce(due, comptoir.now()) <= comptoir.now() as due_now,
         exists (select from ${schema}.held_message where key = $1 and state = 'paused') as paused
       from ${schema}.held_message where key = $1 and not settled order by id limit 1`,
      [key],
    )
    if (!first) {
      await tx.query(`delete from ${schema}.held_key where key = $1`, [key])
      return 'released'
    }
    const row = first.paused ? await firstThatPasses(tx, schema, key, passes) : first.due_now ? first : undefined
    if (!row || row.state === 'dead' || row.state === 'unknown') return undefined
    // Parked is retried from here on: whatever happens to this process, it is found again as due.
    await tx.query(
      `update ${schema}.held_message set state = 'retry', attempts = attempts + 1, due = comptoir.now() where id = $1`,
      [row.id],
    )
    return heldMessage({ ...row, attempts: row.attempts + 1 })
  })
}

/** Of a paused key: what is due and passes. What is due and does not is parked, so that nobody looks at it again before the end of the pause. */
async function firstThatPasses(
  tx: Transaction,
  schema: string,
  key: string,
  passes: (message: LoggedMessage) => boolean,
): Promise<HeldRow | undefined> {
  const due = await tx.query<HeldRow>(
    `select ${columns} from ${schema}.held_message where key = $1 and state = 'retry' and due <= comptoir.now() order by id`,
    [key],
  )
  const waiting = due.filter((row) => !passes(heldMessage(row).message))
  if (waiting.length > 0)
    await tx.query(`update ${schema}.held_message set state = 'parked', due = null where id = any($1::bigint[])`, [
      waiting.map((row) => row.id),
    ])
  return due.find((row) => !waiting.includes(row))
}

/** It failed again: the next attempt is due later. */
export async function postpone(db: Database, schema: string, heldId: number, dueInMs: number, error: string): Promise<void> {
  await db.query(
    `update ${schema}.held_message set due = comptoir.now() + make_interval(secs => $2::float8 / 1000), error = $3 where id = $1`,
    [heldId, dueInMs, error],
  )
}

/** An attempt that said nothing about the message (an outage) does not count. */
export async function uncount(db: Database, schema: string, heldId: number, dueInMs: number): Promise<void> {
  await db.query(
    `update ${schema}.held_message set attempts = attempts - 1, due = comptoir.now() + make_interval(secs => $2::float8 / 1000) where id = $1`,
    [heldId, dueInMs],
  )
}

/** No code here knows its declaration any more: it waits for code that does. */
export async function shelve(db: Database, schema: string, heldId: number): Promise<void> {
  await db.query(
    `update ${schema}.held_message set state = 'unknown', due = null, attempts = 0, error = 'no code here knows this declaration' where id = $1`,
    [heldId],
  )
}

/** The message was handled. */
export async function removeHeld(tx: Transaction, schema: string, heldId: number): Promise<void> {
  await tx.query(`delete from ${schema}.held_message where id = $1`, [heldId])
}

/** Writes the dead letter. `settled`: the saga turned back, so the key does not wait; `attention`: home is told. */
export async function bury(
  tx: Transaction,
  schema: string,
  heldId: number,
  error: string,
  fate: { settled: boolean; attention: boolean },
): Promise<void> {
  await tx.query(
    `update ${schema}.held_message set state = 'dead', due = null, error = $2, settled = $3, attention = $4 where id = $1`,
    [heldId, error, fate.settled, fate.attention],
  )
}

/**
 * Performs the operators' open requests: their dead letters are due again. Answers the keys to look at. A settled letter
 * stays what it is: its saga has turned back, and by now the inbox may have forgotten that the step was refused.
 */
export async function performReplays(db: Database, schema: string, hold: Hold): Promise<string[]> {
  const open = await db.query(`select from ${schema}.replay_request where performed_at is null limit 1`)
  if (open.length === 0) return []
  return db.transaction(async (tx) => {
    await fence(tx, schema, hold)
    const rows = await tx.query<{ key: string }>(
      `with asked as (update ${schema}.replay_request set performed_at = comptoir.now() where performed_at is null returning held_message)
       update ${schema}.held_message as m set state = 'retry', attempts = 0, due = comptoir.now()
       from asked where m.id = asked.held_message and m.state = 'dead' and not m.settled returning m.key`,
    )
    return rows.map((row) => row.key)
  })
}
