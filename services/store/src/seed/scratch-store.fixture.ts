import {
  changesMailbox,
  type Database,
  engineMigrations,
  lonePorts,
  migrate,
  raiseEpoch,
  type Service,
  sharedMigrations,
} from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import { projectStore } from '../projection.ts'
import type { ReadYourWrites, WrittenVersion } from '../read-your-writes.ts'
import { shownSchema } from '../rebuild.ts'
import { storeService } from '../store.ts'

/** A store for tests: its tables and its read model, without projections that run by themselves. */
export interface ScratchStore {
  readonly work: Service
  /** Brings the read model up to date with the rows awaited, as the projection would. */
  readonly reads: ReadYourWrites
  /** What writers waited to read back. */
  readonly awaited: WrittenVersion[]
  /** What the projections were told, in the order of the commits. */
  changes(): Promise<Readonly<Record<string, readonly number[]>>[]>
  /** Empties every table, and numbers new rows from 1 again. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** Longest that opening may take, in milliseconds: a new database is a second of work, and test files share the machine. */
export const OPENING_MS = 60_000

/** @param database an empty one; absent: one in memory */
export async function openScratchStore(empty?: Database): Promise<ScratchStore> {
  const database = empty ?? (await openPglite({}))
  const tables = { owner: 'store', folder: new URL('../../sql/', import.meta.url), schema: 'store' }
  const readModel = { owner: 'store_view', folder: new URL('../../sql/view/', import.meta.url), schema: 'store_view' }
  await migrate(database, [sharedMigrations, engineMigrations('store'), tables, readModel])
  const epoch = await raiseEpoch(database, ['store'])
  const ports = lonePorts(database)
  const work = storeService(ports, epoch)
  const awaited: WrittenVersion[] = []
  return {
    work,
    awaited,
    reads: {
      async reached(kind, versions) {
        awaited.push(...versions)
        await database.transaction((tx) => projectStore(tx, new Map([[kind, versions.map(({ id }) => id)]]), shownSchema))
      },
      async caughtUp() {},
    },
    async changes() {
      const rows = await database.query<{ body: string }>(selectChanges, [changesMailbox('store')])
      return rows.map(({ body }) => JSON.parse(body) as Record<string, number[]>)
    },
    async clear() {
      awaited.length = 0
      await database.script(CLEAR)
    },
    close: () => database.close(),
  }
}

const CLEAR = `
  truncate store.users, store.products, store.stocks, store.stock_ledger, store.orders, store.order_items, store.log,
    store_view.stock restart identity`

const selectChanges = 'select body from store.log where mailbox = $1 order by epoch, txid, pos'
