import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../ports/database.ts'
import { databaseQueries } from './database-queries.ts'
import { type DatabaseFeatures, databaseTransactions } from './database-transactions.ts'
import { databaseValues } from './database-values.ts'

/** What every adapter of the Database port does. `open` is called more than once, each time for the same empty database. */
export function databaseConformance(name: string, open: () => Promise<Database>, features: DatabaseFeatures): void {
  describe(`the Database port on ${name}`, () => {
    let db: Database
    beforeAll(async () => {
      db = await open()
    })
    afterAll(() => db?.close())

    describe('values', () => databaseValues(() => db))
    describe('queries', () => databaseQueries(() => db))
    describe('transactions', () => databaseTransactions(() => db, features))
    closing(open)
  })
}

function closing(open: () => Promise<Database>): void {
  test('close waits for what is under way; then every call rejects with 57P01', async () => {
    const own = await open()
    const last = own.transaction(async (tx) => {
      await tx.query('select 1')
      return tx.query('select 2 as two')
    })
    const query = own.query('select 3 as three')
    const closed = own.close()
    expect(await last).toEqual([{ two: 2 }])
    expect(await query).toEqual([{ three: 3 }])
    await closed
    await own.close()
    await expect(own.query('select 1')).rejects.toMatchObject({ code: '57P01' })
    await expect(own.transaction(async () => {})).rejects.toMatchObject({ code: '57P01' })
    await expect(own.script('select 1')).rejects.toMatchObject({ code: '57P01' })
  })
}
