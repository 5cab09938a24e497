import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { copyPrepared, hasDatabase } from './data-folder.ts'
import { openPglite } from './database.ts'

let base: string
const at = (name: string) => join(base, name)
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'comptoir-data-'))
  const db = await openPglite({ folder: at('prepared') })
  await db.script('create table t as select 7 as n')
  await db.close()
}, 60_000)
afterAll(() => rm(base, { recursive: true, force: true }))

test('a copy of a prepared folder is a database of its own, which outlives its process', async () => {
  await copyPrepared(at('prepared'), at('copy'))
  const first = await openPglite({ folder: at('copy') })
  await first.query('update t set n = 8')
  await first.close()
  const second = await openPglite({ folder: at('copy') })
  expect(await second.query('select n from t')).toEqual([{ n: 8 }])
  await second.close()
  const prepared = await openPglite({ folder: at('prepared') })
  expect(await prepared.query('select n from t')).toEqual([{ n: 7 }])
  await prepared.close()
}, 60_000)

test('what a killed copy left behind counts for nothing', async () => {
  await mkdir(join(at('killed'), 'database.unfinished'), { recursive: true })
  await writeFile(join(at('killed'), 'database.unfinished', 'PG_VERSION'), 'half')
  expect(await hasDatabase(at('killed'))).toBe(false)
  await copyPrepared(at('prepared'), at('killed'))
  expect(await hasDatabase(at('killed'))).toBe(true)
  expect(await readdir(at('killed'))).toEqual(['database'])
})

test('F1: a lock file that a kill left empty does not keep the database shut', async () => {
  await copyPrepared(at('prepared'), at('locked'))
  await writeFile(join(at('locked'), 'database', 'postmaster.pid'), '')
  const database = await openPglite({ folder: at('locked') })
  expect(await database.query('select n from t')).toEqual([{ n: 7 }])
  await database.close()
})

test('an existing database is not replaced', async () => {
  await expect(copyPrepared(at('prepared'), at('prepared'))).rejects.toThrow(/has a database already/)
})

test('the folder is for its owner alone', async () => {
  expect((await stat(at('prepared'))).mode & 0o777).toBe(0o700)
})
