import { execFileSync } from 'node:child_process'
import { Client } from 'pg'
import type { PostgresServer } from '../../scripts/servers/postgres.mjs'
import { root } from '../kit/command.ts'

/** Makes the databases of the services, as PostgreSQL's image does at its first start. */
export function makeDatabases({ port }: PostgresServer): void {
  const passwords = { STORE_PASSWORD: "it's secret", PAYMENTS_PASSWORD: 'secret', ORCHESTRATOR_PASSWORD: 'another' }
  execFileSync(`${root}deploy/postgres/databases.sh`, {
    env: { ...process.env, ...passwords, PGHOST: '127.0.0.1', PGPORT: String(port) },
  })
}

/** A database as a user has it. */
export const addressOf = ({ port }: PostgresServer, user: string, database: string): string =>
  `postgres://${user}@127.0.0.1:${port}/${database}`

/** The rows of one statement, on a connection of its own. */
export async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
