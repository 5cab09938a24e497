import { tell } from '../diagnostics.ts'
import type { LoggedMessage, Position } from '../log/log.ts'
import { inOrder } from '../log/log-cursor.ts'
import { advance, type Hold } from '../log/positions.ts'
import { Reader } from '../log/reader.ts'
import type { Database, Row } from '../ports/database.ts'
import type { Entry, ReadStore } from '../ports/read-store.ts'
import type { Service } from '../service.ts'
import { changesMailbox } from '../unit-of-work.ts'
import { mergeChanges, projectedSignal } from './projector.ts'

/** What the entries of a read store are made from: the tables of a service's read model. */
export interface ReadStoreSource {
  /** Names the tables. When they were made anew they have another name, and all entries are made again. */
  origin(db: Database): Promise<string>
  /** What the tables show of the rows of these kinds and ids, and which are gone for good. */
  changed(db: Database, changes: ReadonlyMap<string, readonly (number | string)[]>): Promise<readonly ChangedEntries[]>
  /** All kinds of entries, and of each the next ones below an id, highest first. */
  readonly pages: Readonly<Record<string, (db: Database, below: number, limit: number) => Promise<readonly Entry[]>>>
}

export interface ChangedEntries {
  readonly kind: string
  readonly entries: readonly Entry[]
  /** With versions above their last. */
  readonly gone: readonly Pick<Entry, 'id' | 'version'>[]
}

/** Sent when a service's read store has got something. */
export const enteredSignal = (service: string): string => `${service}.entered`

/** So long somebody vouches for the entries, from the moment before it looked for what they lack. */
export const vouchMs = 350

const batchLimit = 500
const pieceLimit = 200
const pollMs = 100
/** The store is not asked for the time more often than this. */
const markEveryMs = 40

/** The entry that says that all others are there, and what they are made from. */
const complete = { kind: 'complete', id: 1 } as const

/** What was in the log at a moment of the store's clock. */
interface Mark {
  readonly at: number
  readonly upTo: Position | undefined
}

/**
 * Brings the read store up to date for as long as its generation lasts and the tables are the same; returns when they are
 * not, or when it is to stop.
 *
 * It follows the tables: only what their projection has applied is read, from them. So whoever finds an order here finds it
 * in the reports, and every entry is a whole version. The position moves after the store has taken the entries; what is
 * written twice is the same.
 *
 * It vouches for the entries as of a moment when all that was in the log at that moment has been entered. Entries that are
 * not there are no matter: they are read from the tables.
 *
 * @param well called when something has been brought to its end
 * @throws ReadStoreError; FencedError when another instance has taken over
 */
export async function follow(
  service: Service,
  store: ReadStore,
  source: ReadStoreSource,
  hold: Hold,
  until: AbortSignal,
  well: () => void,
): Promise<void> {
  const { name, ports } = service
  const { database, signals } = ports
  const [{ tables }, kept, origin] = await Promise.all([look(service), isKept(service, hold), source.origin(database)])
  let generation = await store.generation()
  const [found] = await store.read(complete.kind, [complete.id])
  let missing: AsyncGenerator<void> | undefined
  if (!kept || found?.fields.of !== origin) {
    // Also what is there may be wrong: of a database that was restored, or of tables that were.
    generation = await store.renew()
    await moveTo(service, hold, new Map([[name, tables]]))
    missing = enterAll(database, store, source, generation)
  }
  const reader = new Reader(service, changesMailbox(name), hold)
  let marks: Mark[] = []
  let marked = Number.NEGATIVE_INFINITY

  while (!until.aborted) {
    const seen = signals.seen(projectedSignal(name))
    const due = performance.now() - marked >= markEveryMs
    if (due) marked = performance.now()
    const at = due ? await store.now() : undefined
    const [state, from] = await Promise.all([look(service), source.origin(database)])
    if (from !== origin) return
    if (at !== undefined) marks = [...marks, { at, upTo: state.newest }].filter((mark) => mark.at > at - vouchMs)
    await reader.poll(batchLimit)
    const batch = reader.pending.filter((message) => !isAfter(message, state.tables))
    if (batch.length > 0) {
      await enter(service, store, source, generation, batch)
      await moveTo(service, hold, reader.positionsAfter(batch))
      reader.drop(batch.length)
      signals.send([enteredSignal(name)])
    }
    const reached = hold.at.get(name)
    const mark = marks.findLast(({ upTo }) => upTo === undefined || (reached !== undefined && !isAfter(upTo, reached)))
    if (mark) {
      await store.vouch(generation, mark.at + vouchMs)
      marks = marks.filter((later) => later.at > mark.at)
    }
    if (missing && (await missing.next()).done) {
      await store.write(complete.kind, [{ id: complete.id, version: 1, fields: { of: origin } }], generation)
      missing = undefined
    }
    well()
    if (!missing && batch.length < batchLimit) await signals.wait(projectedSignal(name), seen, pollMs, until)
  }
}

const isAfter = (a: Position, b: Position): boolean => inOrder(a, b) > 0

interface LogState {
  /** How far the tables' own projection is. */
  readonly tables: Position
  /** The newest change in the log, whether or not it can be read already; undefined in an empty one. */
  readonly newest: Position | undefined
}

async function look({ name, ports }: Service): Promise<LogState> {
  const mailbox = changesMailbox(name)
  const [[tables], [newest]] = await Promise.all([
    ports.database.query<Position & Row>(`select epoch, txid, pos from ${name}.position where consumer = $1 and source = $2`, [
      mailbox,
      name,
    ]),
    ports.database.query<Position & Row>(
      `select epoch, txid, pos from ${name}.log where mailbox = $1 order by epoch desc, txid desc, pos desc limit 1`,
      [mailbox],
    ),
  ])
  return { tables: tables ?? start, newest }
}

/** Whether the log still reaches back to what was entered last, so that nothing after it is missing. */
async function isKept({ name, ports }: Service, hold: Hold): Promise<boolean> {
  const { epoch, txid, pos } = hold.at.get(name) ?? start
  const rows = await ports.database.query(
    `select from ${name}.log where mailbox = $1 and (epoch, txid, pos) <= ($2::int, $3::xid8, $4::bigint) limit 1`,
    [changesMailbox(name), epoch, txid, pos],
  )
  return rows.length > 0
}

const start: Position = { epoch: 0, txid: '0', pos: 0 }

/** @throws FencedError */
async function moveTo({ name, ports }: Service, hold: Hold, to: ReadonlyMap<string, Position>): Promise<void> {
  await ports.database.transaction((tx) => advance(tx, name, hold, to))
  for (const [source, position] of to) hold.at.set(source, position)
}

/** Enters everything that changed, each row once however often it did. */
async function enter(
  { name, ports }: Service,
  store: ReadStore,
  source: ReadStoreSource,
  generation: string,
  batch: readonly LoggedMessage[],
): Promise<void> {
  const began = ports.clock.now()
  for (const { kind, entries, gone } of await source.changed(ports.database, mergeChanges(batch))) {
    await Promise.all([store.write(kind, entries, generation), store.drop(kind, gone)])
  }
  const now = ports.clock.now()
  tell('comptoir:batch', () => ({
    service: name,
    consumer: `${name}.read-store`,
    messages: batch.length,
    milliseconds: now - began,
    oldest: Math.max(...batch.map((message) => now - message.created)) / 1000,
  }))
}

/** Enters all there is, the newest first, a piece at a time. */
async function* enterAll(
  database: Database,
  store: ReadStore,
  source: ReadStoreSource,
  generation: string,
): AsyncGenerator<void> {
  for (const [kind, page] of Object.entries(source.pages)) {
    let below = Number.MAX_SAFE_INTEGER
    for (;;) {
      const entries = await page(database, below, pieceLimit)
      await store.write(kind, entries, generation)
      const last = entries.at(-1)
      if (!last || entries.length < pieceLimit) break
      below = last.id
      yield
    }
  }
}
