import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Database } from '@comptoir/runtime'
import { openPostgres } from '@comptoir/runtime/postgres'
import { onTestFinished } from 'vitest'
import { type PostgresServer, startPostgres } from '../../scripts/servers/postgres.mjs'
import type { OwnDatabase } from '../cluster/database.ts'

/** A PostgreSQL server that one test has for itself, to break and to restore. */
export async function ownCluster(options: Parameters<typeof startPostgres>[0] = {}): Promise<PostgresServer> {
  const server = await startPostgres(options)
  onTestFinished(() => server.stop('kill'))
  return server
}

/** A folder for a cluster, that the user of its server may enter. */
export async function clusterFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'comptoir-cluster-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Opens a database for a look. */
export async function withDatabase<T>(url: string, act: (database: Database) => Promise<T>): Promise<T> {
  const database = await openPostgres({ url, application: 'comptoir tests', connections: 1 })
  try {
    return await act(database)
  } finally {
    await database.close()
  }
}

/** Drops a database and makes it again, empty. */
export async function empty(server: PostgresServer, database: OwnDatabase): Promise<void> {
  await database.drop()
  await withDatabase(server.url, (db) => db.query(`create database ${new URL(database.url).pathname.slice(1)}`))
}

/** The full path of one of the programs that came with this server. */
async function programOf(server: PostgresServer, name: string): Promise<string> {
  const [row] = await withDatabase(server.url, (db) =>
    db.query<{ setting: string }>(`select setting from pg_config where name = 'BINDIR'`),
  )
  return join(row?.setting ?? '', name)
}

/** Runs a program of the server as the user that the server runs as. @throws when it fails */
export async function runAs(server: PostgresServer, name: string, args: readonly string[]): Promise<void> {
  const { uid, gid } = statSync(join(server.folder, 'data'))
  await promisify(execFile)(await programOf(server, name), args, { cwd: server.folder, uid, gid })
}

/** The text that pg_dump writes of a database. */
export async function dump(server: PostgresServer, database: OwnDatabase): Promise<string> {
  const { stdout } = await promisify(execFile)(await programOf(server, 'pg_dump'), [database.url], { maxBuffer: 2 ** 28 })
  return stdout
}

/** Runs such a text in another database. @throws at its first failing statement */
export async function restore(server: PostgresServer, text: string, database: OwnDatabase): Promise<void> {
  const psql = spawn(await programOf(server, 'psql'), ['-q', '-v', 'ON_ERROR_STOP=1', '-d', database.url], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let said = ''
  psql.stderr.setEncoding('utf8').on('data', (words: string) => {
    said += words
  })
  psql.stdin.end(text)
  const [code] = await once(psql, 'close')
  if (code !== 0) throw new Error(`psql ended with ${code}: ${said}`)
}

/** Uses up so many transaction ids of a server. */
export const burnTransactions = (server: PostgresServer, count: number): Promise<void> =>
  withDatabase(server.url, (db) =>
    db.script(`
      create temporary table burnt (n int);
      do $$ begin
        for n in 1..${count} loop
          begin insert into burnt values (n); exception when others then null; end;
        end loop;
      end $$`),
  )
