import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyPrepared } from '@comptoir/runtime/pglite'
import { Client } from 'pg'
import { preparedFolder } from '../apps/comptoir/src/prepared-database.ts'
import { type KafkaServer, startKafka } from '../scripts/servers/kafka.mjs'
import { startPostgres } from '../scripts/servers/postgres.mjs'

export const modes = ['embedded', 'postgres', 'kafka'] as const
export type Mode = (typeof modes)[number]

/** The topics of one run. */
export interface KafkaPlace {
  readonly brokers: readonly string[]
  /** Stands before their names. */
  readonly prefix: string
}

/** Where one run keeps its data. */
export interface Place {
  readonly mode: Mode
  /** A folder, or the address of a database of a server. */
  readonly at: string
  readonly kafka?: KafkaPlace
  /** The servers that it is on, and their main processes. */
  readonly servers: Readonly<Record<string, number>>
}

/** Gives every run a place of its own. */
export interface Places {
  readonly mode: Mode
  /** Runs `work` on an empty place, which is removed at the end (topics with their broker only); `prepared`: for Comptoir, whose tables may be there already. */
  fresh<T>(work: (place: Place) => Promise<T>, prepared?: 'prepared'): Promise<T>
  /** The broker that all places share; absent where there is none. */
  readonly kafka?: KafkaServer
  close(): Promise<void>
}

/** Starts the servers of that mode, with fsync on. */
export async function openPlaces(mode: Mode): Promise<Places> {
  if (mode === 'embedded') return { mode, fresh: inFolder, close: async () => {} }
  const postgres = await startPostgres()
  if (mode === 'postgres') {
    const servers = { PostgreSQL: postgres.pid }
    return { mode, fresh: (work) => inDatabase(postgres.url, (at) => work({ mode, at, servers })), close: () => postgres.stop() }
  }
  const kafka = await startKafka()
  const servers = { PostgreSQL: postgres.pid, Kafka: kafka.pid }
  return {
    mode,
    kafka,
    fresh: (work) =>
      inDatabase(postgres.url, (at) =>
        work({ mode, at, servers, kafka: { brokers: [kafka.brokers], prefix: `${new URL(at).pathname.slice(1)}-` } }),
      ),
    close: async () => {
      await Promise.all([postgres.stop(), kafka.stop()])
    },
  }
}

async function inFolder<T>(work: (place: Place) => Promise<T>, prepared?: 'prepared'): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'comptoir-bench-'))
  try {
    if (prepared) await copyPrepared(await preparedFolder(), folder)
    return await work({ mode: 'embedded', at: folder, servers: {} })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function inDatabase<T>(server: string, work: (url: string) => Promise<T>): Promise<T> {
  const name = `bench_${randomBytes(4).toString('hex')}`
  const client = new Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(`create database ${name}`)
    // What the run before left to be written is not this one's to wait for.
    await client.query('checkpoint')
    const url = new URL(server)
    url.pathname = `/${name}`
    return await work(url.href)
  } finally {
    await client.query(`drop database if exists ${name} with (force)`)
    await client.end()
  }
}
