import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Database } from './ports/database.ts'

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
export const sharedMigrations: Migrations = { owner: 'comptoir', folder: engine, only: [0], schema: 'comptoir' }
export const engineMigrations = (schema: string): Migrations => ({ owner: `${schema}.engine`, folder: engine, only: [1], schema })

/** A migration that was applied has another text now: history is append-only. */
export class MigrationChangedError extends Error {
  override readonly name = 'MigrationChangedError'
}

/**
 * Brings a database up to date. Any number of processes may call it at once: each migration is one transaction that takes
 * the same lock, and whoever comes second finds it done.
 *
 * @throws MigrationChangedError when an applied file was edited
 */
export async function migrate(db: Database, sets: readonly Migrations[]): Promise<void> {
  await db.script(`
    begin;
    select pg_advisory_xact_lock(hashtext('comptoir.migration'));
    create schema if not exists comptoir;
    create table if not exists comptoir.migration (
      owner text not null, number int not null, name text not null, digest text not null, applied_at timestamptz not null default now(),
      primary key (owner, number)
    );
    commit;`)
  for (const set of sets) {
    for (const file of (await readdir(fileURLToPath(set.folder))).filter((name) => /^\d{3}_.*\.sql$/.test(name)).sort()) {
      const number = Number(file.slice(0, 3))
      if (set.only && !set.only.includes(number)) continue
      const text = (await readFile(new URL(file, set.folder), 'utf8')).replaceAll('{{schema}}', set.schema)
      await apply(db, set, number, file, text)
    }
  }
}

async function apply(db: Database, { owner, schema }: Migrations, number: number, name: string, text: string): Promise<void> {
  const digest = createHash('sha256').update(text).digest('hex')
  const [known] = await db.query<{ digest: string }>(`select digest from comptoir.migration where owner = $1 and number = $2`, [
    owner,
    number,
  ])
  if (known?.digest === digest) return
  if (known)
    throw new MigrationChangedError(
      `migration ${owner} ${name} was changed after it was applied: restore the file and write the change as a new one`,
    )
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
      await db.script('rollback')
      const [done] = await db.query(`select 1 from comptoir.migration where owner = $1 and number = $2 and digest = $3`, [
        owner,
        number,
        digest,
      ])
      if (!done) throw error
    })
}
