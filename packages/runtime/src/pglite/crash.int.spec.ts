import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DatabaseError } from '../ports/database.ts'
import { copyPrepared } from './data-folder.ts'
import { openPglite } from './database.ts'

/** As text, which the guard for JSON parameters does not look into: the cast overflows the WebAssembly stack. */
const overflow = 'insert into kept select length($1::text::jsonb::text)'
const deepJson = '['.repeat(20_000) + ']'.repeat(20_000)

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'comptoir-crash-'))
  const db = await openPglite({ folder: join(base, 'prepared') })
  await db.script('create table kept (id int)')
  await db.close()
}, 60_000)
afterAll(() => rm(base, { recursive: true, force: true }))

async function openCopy(name: string) {
  const folder = join(base, name)
  await copyPrepared(join(base, 'prepared'), folder)
  const fatal: DatabaseError[] = []
  const db = await openPglite({ folder, onFatal: (error) => fatal.push(error) })
  await db.query('insert into kept values (1)')
  return { folder, db, fatal }
}

async function keptIn(folder: string): Promise<unknown> {
  const db = await openPglite({ folder })
  const rows = await db.query('select id from kept')
  await db.close()
  return rows
}

test('F7, F31: a crash in a pipeline that ends with COMMIT commits nothing and stops the database for good', async () => {
  const { folder, db, fatal } = await openCopy('pipeline')
  // Prepared before, so that all of it is one exchange.
  await db.transaction(async (tx) => void tx.query(overflow, ['1']))
  const attempt = db.transaction(async (tx) => {
    void tx.query('insert into kept values (1)')
    void tx.query(overflow, [deepJson])
    void tx.query('insert into kept values (1)')
  })
  const waiting = db.query('select 1')
  await expect(attempt).rejects.toMatchObject({ code: '58000', cause: expect.anything() })
  await expect(waiting).rejects.toMatchObject({ code: '58000' })
  await expect(db.query('select 1')).rejects.toMatchObject({ code: '58000' })
  await expect(db.transaction((tx) => tx.query('select 1'))).rejects.toMatchObject({ code: '58000' })
  await expect(db.script('select 1')).rejects.toMatchObject({ code: '58000' })
  expect(fatal).toHaveLength(1)
  await db.close()
  expect(await keptIn(folder)).toEqual([{ id: 1 }, { id: 1 }])
}, 60_000)

test('F7: a crash of a single query stops the database too, and what was acknowledged is kept', async () => {
  const { folder, db, fatal } = await openCopy('single')
  await expect(db.query(overflow, [deepJson])).rejects.toMatchObject({ code: '58000' })
  expect(fatal).toHaveLength(1)
  await db.close()
  expect(await keptIn(folder)).toEqual([{ id: 1 }])
}, 60_000)
