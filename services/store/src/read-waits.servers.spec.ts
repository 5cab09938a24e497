import {
  type Database,
  engineMigrations,
  localSignals,
  lonePorts,
  migrate,
  Projector,
  raiseEpoch,
  type Service,
  sharedMigrations,
  type Value,
  type Work,
} from '@comptoir/runtime'
import { openPostgres } from '@comptoir/runtime/postgres'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventually } from '../../../packages/runtime/src/testing/eventually.ts'
import { type ScratchDatabase, scratchDatabase } from '../../../packages/runtime/src/testing/scratch-postgres.ts'
import { projectReadModel } from './read-model.ts'
import { ReadWaits } from './read-waits.ts'
import { seedStore } from './seed/seed.ts'
import { stockLevels } from './stock/queries.ts'
import { storeMigrations, storeService } from './store.ts'

let scratch: ScratchDatabase
let db: Database
let work: Service
beforeEach(async () => {
  scratch = await scratchDatabase()
  db = await openPostgres({ url: scratch.url, application: 'held up', connections: 10 })
  await migrate(db, [sharedMigrations, engineMigrations('store'), ...storeMigrations])
  work = storeService(lonePorts(db), await raiseEpoch(db, ['store']))
  await seedStore(work)
})
afterEach(async () => {
  await db.close()
  await scratch.drop()
})

const change = async (product: number, quantity: number) => {
  const [row] = await work.transaction((unit) => {
    unit.changed('stock', [product])
    return unit.query<{ version: number }>(
      'update store.stocks set quantity = $2, version = version + 1 where product_id = $1 returning version',
      [product, quantity],
    )
  })
  return row?.version ?? 0
}
/** In this database: other files' tests wait for locks on the same server. */
const locksAwaited = async () =>
  (
    await db.query(
      `select from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database() and pid <> pg_backend_pid()`,
    )
  ).length
const waiting = async (n: number) => (await locksAwaited()) >= n
const levelOf = async (product: number, by: Work = work) =>
  (await stockLevels(by, [product], new ReadWaits(by, work.ports.signals), undefined)).get(product)?.quantity

/** Waits for that version of product 2 to be read back, until that is answered, or waits for a lock, as a projection does already. */
async function writtenBehind(version: number): Promise<{ readonly answered: Promise<void> }> {
  let acknowledged = false
  const answered = new ReadWaits(work, localSignals()).reached('stock', [{ id: 2, version }]).finally(() => {
    acknowledged = true
  })
  await eventually(async () => acknowledged || (await waiting(2)))
  return { answered }
}

it('F6, I10, I13: a projection that was held up does not bring back what was dropped from the read model meanwhile', async () => {
  const project = () => db.transaction((tx) => projectReadModel(tx, new Map([['stock', [1, 2]]])))
  await project()
  let late: Promise<unknown> | undefined
  let written: Promise<unknown> | undefined
  await db.transaction(async (holder) => {
    // The projection has read both levels, and waits for the first one's row.
    await holder.query('select from store_view.stock where product_id = 1 for update')
    await change(1, 7)
    late = project()
    await eventually(() => waiting(1))
    written = (await writtenBehind(await change(2, 7))).answered
  })
  await Promise.all([late, written])
  expect(await levelOf(2)).toBe(7)
})

it('F6, I10, I13: nor does one that was held up before it wrote anything, and reads what was when it began', async () => {
  const projector = new Projector(work, projectReadModel)
  await projector.start()
  const inView = async () =>
    (await db.query<{ quantity: number }>('select quantity from store_view.stock where product_id = 2'))[0]
  await eventually(async () => (await inView()) !== undefined)
  await db.query('delete from store_view.stock where product_id = 2')
  let read: Promise<unknown> | undefined
  await db.transaction(async (holder) => {
    // The projection reads as of now, and waits for the row of its position.
    await holder.query('select from store.position for update')
    await change(2, 6)
    await eventually(() => waiting(1))
    const { answered } = await writtenBehind(await change(2, 7))
    const before = await locksAwaited()
    // Before the next projection begins, which would bring the newer level.
    read = db.transaction(async (next) => {
      await next.query('select from store.position for update')
      await answered
      expect(await levelOf(2)).toBe(7)
    })
    await eventually(() => waiting(before + 1))
  })
  await read
  await eventually(async () => (await inView())?.quantity === 7)
  await projector.stop()
})

it('I13: whoever reads an order or a level while a projection brings what was before does not read that afterwards', async () => {
  const projector = new Projector(work, projectReadModel)
  await projector.start()
  const written = new Set<string>()
  /** Notes of which tables of the write side it has read. */
  const reader: Work = {
    name: work.name,
    transaction: work.transaction.bind(work),
    async query<R>(text: string, values?: readonly Value[]) {
      const rows = await work.query<R>(text, values)
      for (const [table] of text.matchAll(/store\.(orders|stocks)/g)) written.add(table)
      return rows
    },
  }
  const waits = new ReadWaits(reader, work.ports.signals)
  const id = await work.transaction(async (unit) => {
    const [row] = await unit.query<{ id: number }>(
      `with placed as (insert into store.orders (saga_id, user_id, total, status) values (gen_random_uuid(), 1, 1, 'PENDING') returning id)
       insert into store.order_items (order_id, line, product_id, quantity, unit_price) select id, 1, 1, 1, 1 from placed returning order_id as id`,
    )
    return row?.id ?? 0
  })
  await eventually(async () => (await db.query('select from store_view.stock')).length > 0)
  await db.query('delete from store_view.stock where product_id = 2')
  /** What is read first, and when the projection has brought something. */
  const twice = async (read: () => Promise<unknown>, shown: string) => {
    const first = await read()
    await eventually(async () => (await db.query(`select from store_view.${shown}`)).length > 0)
    return [first, await read()]
  }
  let read: Promise<unknown> | undefined
  await db.transaction(async (holder) => {
    await holder.query('select from store.position for update')
    // The projection reads both as they are now, and waits for the row of its position.
    await work.transaction(async (unit) => {
      unit.changed('new order', [id])
      unit.changed('stock', [2])
    })
    await eventually(() => waiting(1))
    await change(2, 7)
    await work.transaction(async (unit) => {
      await unit.query(`update store.orders set status = 'PLACED', payment_id = 1, version = version + 1 where id = $1`, [id])
      unit.changed('order', [id])
    })
    read = Promise.all([
      twice(async () => (await waits.read(id))?.status, 'orders'),
      twice(() => levelOf(2, reader), 'stock where product_id = 2'),
    ])
    await eventually(() => written.size === 2)
  })
  expect(await read).toEqual([
    ['PLACED', 'PLACED'],
    [7, 7],
  ])
  await projector.stop()
})
