import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Queryable } from '@comptoir/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { dataTables, filled } from '../../apps/comptoir/src/copy-database.ts'
import { type OwnDatabase, ownDatabase } from '../cluster/database.ts'
import { DataFolder } from '../crash/folder.ts'
import type { Load } from '../crash/load.ts'
import { comptoir } from '../kit/command.ts'
import { startStore } from '../kit/process.ts'
import { databaseUrl } from '../kit/servers/addresses.ts'
import { until } from '../kit/wait.ts'
import { endsRightly, epochOf, newLoad, openSagas, workAndKill } from './busy-store.ts'
import { ending } from './roles.ts'

/** A store that was killed while sagas were open, and what its clients were told. */
let killed: DataFolder
let load: Load
beforeAll(async () => {
  killed = await DataFolder.make()
  load = newLoad()
  await until(
    'a kill that leaves sagas open',
    async () => {
      await workAndKill(await startStore({ data: killed.path }), load)
      return killed.inspect(async (db) => (await db.query('select from store.saga where ended_at is null')).length > 0)
    },
    120_000,
  )
}, 180_000)
afterAll(() => killed.remove())

let folder: DataFolder
let target: OwnDatabase
beforeEach(async () => {
  folder = await DataFolder.make(killed)
  target = await ownDatabase(databaseUrl())
  onTestFinished(async () => {
    await target.drop()
    await folder.remove()
  })
})

const moving = (url = target.url, args: readonly string[] = ['--data', folder.path]) =>
  comptoir(['move', ...args], { env: { DATABASE_URL: url } })

async function move(url?: string, args?: readonly string[]) {
  const command = moving(url, args)
  return { ...(await command.ended), text: command.stdout() + command.stderr() }
}

/** What every table holds, where every sequence stands, and which partitions there are. */
async function contents(db: Queryable): Promise<Record<string, unknown>> {
  const held: Record<string, unknown> = {}
  for (const table of await dataTables(db))
    held[table] = await db.query(`select count(*), md5(string_agg(t::text, ';' order by t::text)) from ${table} as t`)
  held.sequences = await db.query('select schemaname, sequencename, last_value from pg_sequences order by 1, 2')
  held.partitions = await db.query('select inhrelid::regclass::text as name from pg_inherits order by 1')
  return held
}

/** Whoever copies an order stands still before it, a little shorter than a statement may take. */
const standing = `
  create function store.stand() returns trigger language plpgsql as $$ begin perform pg_sleep(9); return null; end $$;
  create trigger stand before insert on store.orders execute function store.stand()`

/** Each starts several processes, on a machine that may be busy. */
const timeout = 180_000

describe('comptoir move', { timeout }, () => {
  it('F51, I5, I8, I9, I15: takes a store whose sagas are open to a server, where all of it goes on', async () => {
    const { code, text } = await move()
    expect([code, text]).toEqual([0, expect.stringMatching(/^comptoir: \d+ rows of .* were moved to postgres:/)])
    const { 'comptoir.secret': secret, ...there } = await target.look(contents)
    const { 'comptoir.secret': none, ...here } = await folder.open(contents)
    expect(there).toEqual(here)
    expect([none, secret]).toEqual([[expect.objectContaining({ count: 0 })], [expect.objectContaining({ count: 1 })]])
    const kept = await target.look((db) => db.query<{ value: string }>('select value from comptoir.secret'))
    expect(kept[0]?.value).toBe(readFileSync(join(folder.path, 'secret')).toString('base64'))

    expect(await openSagas(target)).toBeGreaterThan(0)
    const before = await epochOf(target)
    await endsRightly(target, load)
    expect(await epochOf(target)).toBe(before + 1)
  })

  it('tells whoever comes to the folder afterwards where its data are', async () => {
    expect((await move()).code).toBe(0)
    const said = { code: 1, signal: null, text: expect.stringMatching(/were moved to postgres:.*set DATABASE_URL to it/) }
    expect(await move()).toEqual(said)
    const serve = comptoir(['serve', '--port', '0', '--data', folder.path], { env: { DATABASE_URL: '' } })
    expect({ ...(await serve.ended), text: serve.stderr() }).toEqual(said)
  })

  it('killed in the middle: nothing has arrived, the folder says so, and it can be moved again', async () => {
    expect((await ending(['migrate'], target.url)).code).toBe(0)
    await target.look((db) => db.script(standing))
    const command = moving()
    await until('it stands in the middle', () =>
      target.look(async (db) => {
        const writers = await db.query(
          `select from pg_stat_activity where application_name = 'comptoir move' and backend_xid is not null and wait_event = 'PgSleep'`,
        )
        return writers.length > 0
      }),
    )
    command.child.kill('SIGKILL')
    await command.ended
    await target.look((db) => db.script('drop function store.stand() cascade'))
    expect(await target.look((db) => db.query('select from store.orders union all select from comptoir.epoch'))).toEqual([])
    const serve = comptoir(['serve', '--port', '0', '--data', folder.path], { env: { DATABASE_URL: '' } })
    expect([(await serve.ended).code, serve.stderr()]).toEqual([
      1,
      expect.stringContaining('was interrupted: run `comptoir move`'),
    ])
    expect((await move()).text).toContain('were moved')
    expect((await target.look(contents))['store.orders']).toEqual((await folder.open(contents))['store.orders'])
  })

  it('killed before it could say that everything has arrived: finds out, and moves nothing twice', async () => {
    expect((await move()).code).toBe(0)
    const file = join(folder.path, 'moved')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"ended":true', '"ended":false'))
    const before = await target.look(contents)
    expect(await move()).toMatchObject({ code: 0, text: expect.stringContaining('had arrived') })
    expect(await target.look(contents)).toEqual(before)
    expect(await move()).toMatchObject({ code: 1, text: expect.stringContaining('were moved to') })
  })

  it('refuses what it cannot do, says what to do, and changes nothing', async () => {
    const refusal = (words: string) => ({ code: 1, signal: null, text: expect.stringContaining(words) })
    expect(await move('')).toEqual(refusal('where to? Set DATABASE_URL'))
    expect(await move('postgres://nobody:secret@127.0.0.1:1/none')).toEqual(refusal('cannot be used'))
    expect(await move(target.url, ['--data', '/nowhere'])).toEqual(refusal('there is no store in /nowhere'))

    const other = await ownDatabase(databaseUrl())
    onTestFinished(() => other.drop())
    const copy = await DataFolder.make(killed)
    onTestFinished(() => copy.remove())
    expect((await move(other.url, ['--data', copy.path])).code).toBe(0)
    expect(await move(other.url)).toEqual(refusal('has data of a store already'))

    await folder.open((db) =>
      db.query(`insert into comptoir.migration (owner, number, name, digest) values ('store', 999, '999_of_tomorrow.sql', '')`),
    )
    expect(await move()).toEqual(refusal('are of different versions'))
    await folder.open((db) => db.query(`delete from comptoir.migration where owner = 'payments.engine' and number = 5`))
    expect(await move()).toEqual(refusal('is of an older version'))
    expect(await target.look(async (db) => filled(db, await dataTables(db)))).toEqual([])
  })

  it('refuses a folder that is in use', async () => {
    const store = await startStore({ data: folder.path })
    expect(await move()).toMatchObject({ code: 1, text: expect.stringContaining('is in use by process') })
    await store.stop()
  })
})
