import { randomUUID } from 'node:crypto'
import pg from 'pg'

/** A superuser's URL of a server that may be thrown away; specs that need one are skipped without it. */
export const serverUrl = process.env.TEST_DATABASE_URL

export interface ScratchDatabase {
  readonly url: string
  drop(): Promise<void>
}

/** Makes an empty database on the test server. */
export async function scratchDatabase(): Promise<ScratchDatabase> {
  const name = `scratch_${randomUUID().replaceAll('-', '')}`
  await administer(`create database ${name}`)
  const url = new URL(serverUrl ?? '')
  url.pathname = `/${name}`
  return { url: url.href, drop: () => administer(`drop database ${name} with (force)`) }
}

/** Runs a statement as the superuser, on a connection of its own. */
export async function administer(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  await client.query(text)
  await client.end()
}
