import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { engineMigrations, MigrationChangedError, type Migrations, migrate, sharedMigrations } from './migrate.ts'
import type { Database } from './ports/database.ts'
import { openDatabase } from './testing/open-database.ts'

let database: Database
let folder: string
beforeAll(async () => {
  database = await openDatabase()
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  await write('001_cats.sql', 'create table {{schema}}.cat (id int);')
  await write('002_dogs.sql', 'create table {{schema}}.dog (id int); insert into {{schema}}.cat values (1);')
})
afterEach(async () => {
  await rm(folder, { recursive: true })
  await database.script('drop schema if exists zoo cascade; delete from comptoir.migration')
})
afterAll(() => database.close())

const write = (name: string, text: string) => writeFile(join(folder, name), text)
const zoo = (): Migrations => ({ owner: 'zoo', folder: pathToFileURL(`${folder}/`), schema: 'zoo' })
const applied = () => database.query('select number, name from comptoir.migration where owner = $1 order by number', ['zoo'])
const cats = async () => (await database.query('select from zoo.cat')).length

describe('migrate', () => {
  it('applies numbered files in order, each once, in the schema', async () => {
    await migrate(database, [zoo()])
    await migrate(database, [zoo()])
    expect(await applied()).toEqual([
      { number: 1, name: '001_cats.sql' },
      { number: 2, name: '002_dogs.sql' },
    ])
    expect(await cats()).toBe(1)
  })

  it('applies what is new', async () => {
    await migrate(database, [zoo()])
    await write('003_more.sql', 'insert into {{schema}}.cat values (2);')
    await write('notes.txt', 'no migration')
    await migrate(database, [zoo()])
    expect(await cats()).toBe(2)
  })

  it('refuses a file that was changed after it was applied', async () => {
    await migrate(database, [zoo()])
    await write('001_cats.sql', 'create table {{schema}}.cat (id bigint);')
    await expect(migrate(database, [zoo()])).rejects.toThrow(MigrationChangedError)
    await expect(migrate(database, [zoo()])).rejects.toThrow('migration zoo 001_cats.sql was changed after it was applied')
  })

  it('keeps nothing of a file that fails, and can be repeated when it is repaired', async () => {
    await write('002_dogs.sql', 'insert into {{schema}}.cat values (1); create table {{schema}}.dog (id nonsense);')
    await expect(migrate(database, [zoo()])).rejects.toMatchObject({ code: '42704' })
    expect(await applied()).toEqual([{ number: 1, name: '001_cats.sql' }])
    expect(await cats()).toBe(0)
    await write('002_dogs.sql', 'create table {{schema}}.dog (id int);')
    await migrate(database, [zoo()])
    expect(await applied()).toHaveLength(2)
  })

  it('F26: may be called by many at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => migrate(database, [zoo()])))
    expect(await cats()).toBe(1)
    expect(await applied()).toHaveLength(2)
  })

  it('gives each service its own engine, in its schema', async () => {
    await migrate(database, [sharedMigrations, engineMigrations('zoo'), engineMigrations('park')])
    await database.query(`insert into zoo.held_key (key) values (gen_random_uuid())`)
    expect(await database.query('select from park.held_key')).toEqual([])
    await database.script('drop schema park cascade')
  })
})
