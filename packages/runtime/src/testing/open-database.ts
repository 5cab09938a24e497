import { randomUUID } from 'node:crypto'
import { openPglite } from '../pglite/index.ts'
import type { Database } from '../ports/database.ts'
import { openPostgres } from '../postgres/index.ts'
import { scratchDatabase, serverUrl } from './scratch-postgres.ts'

/** What the specs run on that need a database and do not mind which: the tier decides. */
export const databaseName = serverUrl ? 'PostgreSQL' : 'PGlite'

/** An empty database of its own, gone when closed: on the server of the tier, in memory when it has none. */
export async function openDatabase(): Promise<Database> {
  return serverUrl ? onServer() : openPglite()
}

async function onServer(): Promise<Database> {
  const scratch = await scratchDatabase()
  // An instance is known by its application_name, on the whole server.
  const database = await openPostgres({ url: scratch.url, application: `test ${randomUUID()}` })
  return {
    query: (text, values) => database.query(text, values),
    transaction: (work) => database.transaction(work),
    script: (text) => database.script(text),
    async close() {
      await database.close()
      await scratch.drop()
    },
  }
}
