import { readdir, readFile } from 'node:fs/promises'
import type { Database, Transaction } from '@comptoir/runtime'
import { projectStore } from './projection.ts'

/** The schema that is read, and the one that a rebuild fills beside it. */
export const shownSchema = 'store_view'
export const nextSchema = 'store_view_next'
const replacedSchema = 'store_view_replaced'

const definitions = new URL('../sql/view/', import.meta.url)

/** Rows in one transaction: others wait while it runs, so it stays well under 100 ms. */
const pieceLimit = 500

/**
 * Makes the read model again from the write tables, while it is read and changes are projected: fills a second schema in
 * pieces, and puts it in the place of the first in one transaction. A crash leaves the first as it is.
 *
 * No change is missed: a piece holds what was committed before it was read, and what is committed later is projected later.
 *
 * @param keep told which schemas projections write from now on; the second call comes within the transaction that swaps
 * @returns how many orders it was made from
 * @throws DatabaseError: the read model is then the one from before
 */
export async function rebuildReadModel(database: Database, keep: (schemas: readonly string[]) => void): Promise<number> {
  await discardRebuild(database)
  try {
    await database.script(`create schema ${nextSchema}; ${await definition(nextSchema)}`)
    keep([shownSchema, nextSchema])
    await fill(database, 'stock', 'select product_id as id from store.stocks where product_id > $1 order by product_id limit $2')
    const orders = await fill(database, 'order', 'select id from store.orders where id > $1 order by id limit $2')
    await database.transaction(async (tx) => {
      await swap(tx)
      keep([shownSchema])
    })
    return orders
  } catch (error) {
    keep([shownSchema])
    // What cannot be dropped now is dropped by the next start or rebuild.
    await discardRebuild(database).catch(() => {})
    throw error
  }
}

/** Drops what a rebuild left that did not come to its end. */
export async function discardRebuild(database: Database): Promise<void> {
  await database.script(`drop schema if exists ${nextSchema} cascade`)
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

async function swap(tx: Transaction): Promise<void> {
  await tx.query(`alter schema ${shownSchema} rename to ${replacedSchema}`)
  await tx.query(`alter schema ${nextSchema} rename to ${shownSchema}`)
  await tx.query(`drop schema ${replacedSchema} cascade`)
}
