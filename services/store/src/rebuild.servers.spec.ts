import { randomUUID } from 'node:crypto'
import { engineMigrations, migrate, sharedMigrations } from '@comptoir/runtime'
import { openPostgres } from '@comptoir/runtime/postgres'
import { expect, it } from 'vitest'
import { scratchDatabase } from '../../../packages/runtime/src/testing/scratch-postgres.ts'
import { lockKey, nextSchema, schemasToWrite, shownSchema } from './rebuild.ts'

/** Who waits for an advisory lock in this database: other files' tests wait on the same server. */
const waiting = `
  select from pg_locks where locktype = 'advisory' and not granted
    and database = (select oid from pg_database where datname = current_database())`

it('F23, I12: whoever waited for the swap of a rebuild writes to no schema that it has taken away', async () => {
  const scratch = await scratchDatabase()
  const application = `swap ${randomUUID().slice(0, 8)}`
  const db = await openPostgres({ url: scratch.url, application, connections: 3 })
  try {
    await migrate(db, [sharedMigrations, engineMigrations('store')])
    for (let round = 0; round < 10; round += 1) {
      await db.query(`create schema ${nextSchema}`)
      let writer: Promise<readonly string[]> | undefined
      await db.transaction(async (swap) => {
        await swap.query(`select from pg_advisory_xact_lock(${lockKey})`)
        writer = db.transaction(async (tx) => {
          // Its session knows the schema.
          await tx.query(`select to_regnamespace('${nextSchema}')`)
          return schemasToWrite(tx)
        })
        await expect.poll(() => swap.query(waiting).then((rows) => rows.length)).toBe(1)
        await swap.query(`drop schema ${nextSchema}`)
      })
      expect(await writer).toEqual([shownSchema])
    }
  } finally {
    await db.close()
    await scratch.drop()
  }
})
