import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyPrepared } from '@comptoir/runtime/pglite'
import { Client } from 'pg'
import { preparedFolder } from '../apps/comptoir/src/prepared-database.ts'
import { startPostgres } from '../scripts/servers/postgres.mjs'

export type Mode = 'embedded' | 'postgres'

/** Where one run keeps its data: a folder, or a database of a server. */
export interface Place {
  readonly mode: Mode
  readonly at: string
}

/** Gives every run a place of its own. */
export interface Places {
  readonly mode: Mode
  /** Runs `work` on an empty place, which is removed at the end; `prepared`: for Comptoir, whose tables may be there already. */
  fresh<T>(work: (place: Place) => Promise<T>, prepared?: 'prepared'): Promise<T>
  close(): Promise<void>
}

/** A server of our own, with fsync on. */
export async function openPlaces(mode: Mode): Promise<Places> {
  if (mode === 'embedded') return { mode, fresh: inFolder, close: async () => {} }
  const server = await startPostgres()
  return { mode, fresh: (work) => inDatabase(server.url, work), close: () => server.stop() }
}

async function inFolder<T>(work: (place: Place) => Promise<T>, prepared?: 'prepared'): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'comptoir-bench-'))
  try {
    if (prepared) await copyPrepared(await preparedFolder(), folder)
    return await work({ mode: 'embedded', at: folder })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function inDatabase<T>(server: string, work: (place: Place) => Promise<T>): Promise<T> {
  const name = `bench_${randomBytes(4).toString('hex')}`
  const client = new Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(`create database ${name}`)
    // What the run before left to be written is not this one's to wait for.
    await client.query('checkpoint')
    const url = new URL(server)
    url.pathname = `/${name}`
    return await work({ mode: 'postgres', at: url.href })
  } finally {
    await client.query(`drop database if exists ${name} with (force)`)
    await client.end()
  }
}
