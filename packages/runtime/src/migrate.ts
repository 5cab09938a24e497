import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Database, DatabaseError } from './ports/database.ts'

/** Numbered SQL files of one owner, applied in order, each once. */
export interface Migrations {
  /** Who owns them: a service, or a part of it. */
  readonly owner: string
  /** The folder with files named `001_what.sql`. */
  readonly folder: URL
  /** Only the files with these numbers (all when absent). */
  readonly only?: readonly number[]
  /** What `{{schema}}` stands for. */
  readonly schema: string
}

const engine = new URL('../sql/', import.meta.url)

/** The migrations that every database needs once, and those of the engine's tables in a service's schema. */
export const sharedMigrations: Migrations = { owner: 'comptoir', folder: engine, only: [0, 3], schema: 'comptoir' }
export const engineMigrations = (schema: string): Migrations => ({
  owner: `${schema}.engine`,
  folder: engine,
  only: [1, 2, 4, 5, 7, 8, 9, 11],
  schema,
})

/** The engine's tables in a service's schema, but for its leases: what is emptied to begin anew. */
export const engineTables = [
  'member',
  'log',
  'inbox',
  'position',
  'saga',
  'saga_open',
  'held_key',
  'held_message',
  'replay_request',
  'started',
  'idempotency_key',
  'operator_act',
  'declaration',
  'lost',
] as const

/** The table of a service that drives sagas. */
export const drivingMigrations = (schema: string): Migrations => ({
  owner: `${schema}.driving`,
  folder: engine,
  only: [6, 10],
  schema,
})

/** A migration that was applied has another text now: history is append-only. */
export class MigrationChangedError extends Error {
  override readonly name = 'MigrationChangedError'
}

/** Migrations are due, and the role of this connection may not apply them. */
export class MigrationForbiddenError extends Error {
  override readonly name = 'MigrationForbiddenError'
  readonly code = '42501'
}

/**
 * Brings a database up to date. Any number of processes may call it at once: each migration is one transaction that takes
 * the same lock, and whoever comes second finds it done. A database that is up to date is only read, and not locked.
 *
 * @throws MigrationChangedError when an applied file was edited
 * @throws MigrationForbiddenError when some are due and this role is not the one that applies them
 */
export async function migrate(db: Database, sets: readonly Migrations[]): Promise<void> {
  const wanted = (await Promise.all(sets.map(filesOf))).flat()
  const due = await missing(db, wanted)
  if (due.length === 0) return
  try {
    await applyAll(db, wanted)
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === '42501')) throw error
    const names = due.map(({ owner, name }) => `${owner} ${name}`).join(', ')
    throw new MigrationForbiddenError(
      `${due.length} migrations are due (${names}), and this role may not apply them: apply them as the role that owns the tables, with \`comptoir migrate\``,
      { cause: error },
    )
  }
}

async function applyAll(db: Database, wanted: readonly Migration[]): Promise<void> {
  await db.script(`
    begin;
    select pg_advisory_xact_lock(hashtext('comptoir.migration'));
    create schema if not exists comptoir;
    create table if not exists comptoir.migration (
      owner text not null, number int not null, name text not null, digest text not null, applied_at timestamptz not null default now(),
      primary key (owner, number)
    );
    commit;`)
  for (const migration of await missing(db, wanted)) await apply(db, migration)
}

/** The migrations that a database lacks, as `owner file`. @throws MigrationChangedError when an applied file was edited */
export async function pendingMigrations(db: Database, sets: readonly Migrations[]): Promise<string[]> {
  const wanted = (await Promise.all(sets.map(filesOf))).flat()
  return (await missing(db, wanted)).map(({ owner, name }) => `${owner} ${name}`)
}

interface Migration {
  readonly owner: string
  readonly schema: string
  readonly number: number
  readonly name: string
  readonly text: string
  readonly digest: string
}

async function filesOf({ owner, folder, only, schema }: Migrations): Promise<Migration[]> {
  const names = (await readdir(fileURLToPath(folder))).filter((name) => /^\d{3}_.*\.sql$/.test(name)).sort()
  const numbered = names.map((name) => ({ name, number: Number(name.slice(0, 3)) }))
  return Promise.all(
    numbered
      .filter(({ number }) => only?.includes(number) ?? true)
      .map(async ({ name, number }) => {
        const text = (await readFile(new URL(name, folder), 'utf8')).replaceAll('{{schema}}', schema)
        return { owner, schema, number, name, text, digest: createHash('sha256').update(text).digest('hex') }
      }),
  )
}

/** Those that were not applied yet. */
async function missing(db: Database, wanted: readonly Migration[]): Promise<Migration[]> {
  const [table] = await db.query<{ there: boolean }>(`select to_regclass('comptoir.migration') is not null as there`)
  const applied = table?.there
    ? await db.query<{ owner: string; number: number; digest: string }>('select owner, number, digest from comptoir.migration')
    : []
  const digests = new Map(applied.map(({ owner, number, digest }) => [`${owner} ${number}`, digest]))
  return wanted.filter(({ owner, number, name, digest }) => {
    const known = digests.get(`${owner} ${number}`)
    if (known !== undefined && known !== digest)
      throw new MigrationChangedError(
        `migration ${owner} ${name} was changed after it was applied: restore the file and write the change as a new one`,
      )
    return known === undefined
  })
}

async function apply(db: Database, migration: Migration): Promise<void> {
  const { owner, schema, number, name, text, digest } = migration
  // The version row comes first: a second process waits for it, fails on it, and looks again.
  await db
    .script(
      `begin;
       select pg_advisory_xact_lock(hashtext('comptoir.migration'));
       insert into comptoir.migration (owner, number, name, digest) values ('${owner}', ${number}, '${name}', '${digest}');
       create schema if not exists ${schema};
       ${text}
       commit;`,
    )
    .catch(async (error: unknown) => {
      if ((await missing(db, [migration])).length > 0) throw error
    })
}
