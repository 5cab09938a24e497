import { randomBytes } from 'node:crypto'
import type { Database } from '@comptoir/runtime'
import { openPostgres } from '@comptoir/runtime/postgres'

/** A database of a test's own on a server. */
export interface OwnDatabase {
  readonly url: string
  /** Opens it for a look. */
  look<T>(at: (database: Database) => Promise<T>): Promise<T>
  drop(): Promise<void>
}

/** Opens a database for a look. */
export async function lookInto<T>(url: string, look: (database: Database) => Promise<T>): Promise<T> {
  const database = await openPostgres({ url, application: 'comptoir tests', connections: 2 })
  try {
    return await look(database)
  } finally {
    await database.close()
  }
}

export async function ownDatabase(server: string): Promise<OwnDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await lookInto(server, (database) => database.query(`create database ${name}`))
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: url.href,
    look: (at) => lookInto(url.href, at),
    drop: async () => {
      await lookInto(server, (database) => database.query(`drop database if exists ${name} with (force)`))
    },
  }
}
