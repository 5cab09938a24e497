import { engineMigrations, localSignals, lonePorts, migrate, raiseEpoch, sharedMigrations } from '@comptoir/runtime'
import { openPostgres } from '@comptoir/runtime/postgres'
import { expect, it } from 'vitest'
import { eventually } from '../../../packages/runtime/src/testing/eventually.ts'
import { scratchDatabase } from '../../../packages/runtime/src/testing/scratch-postgres.ts'
import { projectReadModel } from './read-model.ts'
import { ReadWaits } from './read-waits.ts'
import { seedStore } from './seed/seed.ts'
import { stockLevels } from './stock/queries.ts'
import { storeMigrations, storeService } from './store.ts'

it('F6, I10, I13: a projection that was held up does not bring back what was dropped from the read model meanwhile', async () => {
  const scratch = await scratchDatabase()
  const db = await openPostgres({ url: scratch.url, application: 'held up', connections: 6 })
  try {
    await migrate(db, [sharedMigrations, engineMigrations('store'), ...storeMigrations])
    const work = storeService(lonePorts(db), await raiseEpoch(db, ['store']))
    await seedStore(work)
    const project = () => db.transaction((tx) => projectReadModel(tx, new Map([['stock', [1, 2]]])))
    await project()
    const change = (product: number) =>
      db.query<{ version: number }>(
        'update store.stocks set quantity = 7, version = version + 1 where product_id = $1 returning version',
        [product],
      )
    const waiting = async (n: number) =>
      (await db.query(`select from pg_locks where not granted and pid <> pg_backend_pid()`)).length >= n

    let late: Promise<unknown> | undefined
    let written: Promise<unknown> | undefined
    await db.transaction(async (holder) => {
      // The projection has read both levels, and waits for the first one's row.
      await holder.query('select from store_view.stock where product_id = 1 for update')
      await change(1)
      late = project()
      await eventually(() => waiting(1))
      const [changed] = await change(2)
      let acknowledged = false
      written = new ReadWaits(work, localSignals()).reached('stock', [{ id: 2, version: changed?.version ?? 0 }]).finally(() => {
        acknowledged = true
      })
      await eventually(async () => acknowledged || (await waiting(2)))
    })
    await Promise.all([late, written])
    expect((await stockLevels(work, [2], undefined)).get(2)).toMatchObject({ quantity: 7 })
  } finally {
    await db.close()
    await scratch.drop()
  }
})
