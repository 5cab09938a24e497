import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { Database, Queryable, Transaction } from '@comptoir/runtime'
import { projectStore } from './projection.ts'

/** The schema that is read, and the one that a rebuild fills beside it. */
export const shownSchema = 'store_view'
export const nextSchema = 'store_view_next'
const replacedSchema = 'store_view_replaced'

const definitions = new URL('../sql/view/', import.meta.url)

/** Rows in one transaction: others wait while it runs, so it stays well under 100 ms. */
const pieceLimit = 500

/**
 * Taken shared by whoever writes the read model; alone by the swap, so that nobody writes to a schema that goes away, and by
 * whoever drops entries, so that nobody writes what he has read before that.
 */
export const lockKey = `hashtext('store.read-model')`

/** The schemas that whoever writes the read model writes to, until the end of the transaction: during a rebuild both. */
export async function schemasToWrite(tx: Transaction): Promise<readonly string[]> {
  const locked = tx.query(`select from pg_advisory_xact_lock_shared(${lockKey})`)
  locked.catch(() => {})
  // A statement of its own, and of a table: only when a session locks one does it hear which schemas there are by now, and
  // it may have waited for the swap until a moment ago.
  const [row] = await tx.query<{ rebuilding: boolean }>(
    `select to_regnamespace('${nextSchema}') is not null as rebuilding from comptoir.migration limit 1`,
  )
  await locked
  return row?.rebuilding ? [shownSchema, nextSchema] : [shownSchema]
}

/**
 * Makes the read model again from the write tables, while it is read and changes are projected: fills a second schema in
 * pieces, and puts it in the place of the first in one transaction. A crash leaves the first as it is. Of all instances one
 * rebuilds at a time.
 *
 * No change is missed: a piece holds what was committed before it was read, and what is committed later is projected to
 * both schemas, by any instance, because it finds the second one there.
 *
 * @returns how many orders it was made from
 * @throws RebuildTakenOver; DatabaseError: the read model is then the one from before
 */
export async function rebuildReadModel(database: Database): Promise<number> {
  await discardRebuild(database)
  const token = randomUUID()
  let made = false
  try {
    await database.script(
      `begin; create schema ${nextSchema}; comment on schema ${nextSchema} is '${token}'; ${await definition(nextSchema)} commit;`,
    )
    made = true
    await fill(database, 'stock', 'select product_id as id from store.stocks where product_id > $1 order by product_id limit $2')
    const orders = await fill(database, 'order', 'select id from store.orders where id > $1 order by id limit $2')
    await database.transaction((tx) => swap(tx, token))
    return orders
  } catch (error) {
    if (made && (await isOf(database, token).catch(() => true)) === false) throw new RebuildTakenOver()
    // What cannot be dropped now is dropped by the next start or rebuild.
    await database.transaction((tx) => dropOwn(tx, token)).catch(() => {})
    throw error
  }
}

/** This process stood still in the middle of a rebuild, and another instance has begun anew. */
export class RebuildTakenOver extends Error {
  override readonly name = 'RebuildTakenOver'
  constructor() {
    super('another instance has taken the rebuild over')
  }
}

/** Whether the second schema is that of the rebuild with this token. */
async function isOf(db: Queryable, token: string): Promise<boolean> {
  const [row] = await db.query<{ own: boolean }>(
    `select obj_description(to_regnamespace('${nextSchema}'), 'pg_namespace') is not distinct from $1 as own`,
    [token],
  )
  return row?.own ?? false
}

/** Never what another instance has begun meanwhile. */
async function dropOwn(tx: Transaction, token: string): Promise<void> {
  await tx.query(`select from pg_advisory_xact_lock(${lockKey})`)
  if (await isOf(tx, token)) await tx.query(`drop schema ${nextSchema} cascade`)
}

/** Drops what a rebuild left that did not come to its end. */
export async function discardRebuild(database: Database): Promise<void> {
  await database.script(
    `begin; select from pg_advisory_xact_lock(${lockKey}); drop schema if exists ${nextSchema} cascade; commit;`,
  )
}

async function definition(schema: string): Promise<string> {
  const files = (await readdir(definitions)).filter((name) => name.endsWith('.sql')).sort()
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, definitions), 'utf8')))
  return texts.join('\n').replaceAll('{{schema}}', schema)
}

/** Projects all rows of one kind, by ascending id; returns how many there were. */
async function fill(database: Database, kind: 'stock' | 'order', select: string): Promise<number> {
  let count = 0
  let last = 0
  for (;;) {
    const ids = await database.transaction(async (tx) => {
      // Before the table: a projection that has this one waits for that.
      await tx.query(`select from pg_advisory_xact_lock_shared(${lockKey})`)
      // A piece and a projection never count the same order at once.
      await tx.query(`lock table ${nextSchema}.counted in share row exclusive mode`)
      const rows = (await tx.query<{ id: number }>(select, [last, pieceLimit])).map((row) => row.id)
      await projectStore(tx, new Map([[kind, rows]]), nextSchema)
      return rows
    })
    count += ids.length
    last = ids.at(-1) ?? last
    if (ids.length < pieceLimit) return count
  }
}

async function swap(tx: Transaction, token: string): Promise<void> {
  await tx.query(`select from pg_advisory_xact_lock(${lockKey})`)
  if (!(await isOf(tx, token))) throw new RebuildTakenOver()
  await tx.query(`alter schema ${shownSchema} rename to ${replacedSchema}`)
  await tx.query(`alter schema ${nextSchema} rename to ${shownSchema}`)
  await tx.query(`drop schema ${replacedSchema} cascade`)
}
