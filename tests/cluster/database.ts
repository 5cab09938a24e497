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

export async function ownDatabase(server: string): Promise<OwnDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const withServer = (url: string) => openPostgres({ url, application: 'comptoir tests', connections: 2 })
  const once = async <T>(url: string, act: (database: Database) => Promise<T>): Promise<T> => {
    const database = await withServer(url)
    try {
      return await act(database)
    } finally {
      await database.close()
    }
  }
  await once(server, (database) => database.query(`create database ${name}`))
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: url.href,
    look: (at) => once(url.href, at),
    drop: async () => {
      await once(server, (database) => database.query(`drop database if exists ${name} with (force)`))
    },
  }
}
