import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { type Database, DatabaseLeases, notifySignals } from '@comptoir/runtime'
import { openPostgres } from '@comptoir/runtime/postgres'
import { CommandFailure } from './command-failure.ts'
import type { Foundation } from './foundation.ts'

/** Connections of one instance: those of its consumers, and as many as its requests use at once. */
export const connections = 12

/** A PostgreSQL server that any number of instances share, each service with a schema of its own. */
export async function openDistributed(url: string): Promise<Foundation> {
  // 63 bytes at most; whoever takes over from this instance finds its connections by it.
  const instance = `comptoir ${hostname().slice(0, 20)} ${process.pid} ${randomBytes(6).toString('hex')}`
  const database = await openPostgres({ url, application: instance, connections }).catch((error: unknown) => {
    const { message } = error as Error
    throw new CommandFailure(
      `the database of DATABASE_URL (${shownAddress(url)}) cannot be used: ${message}. Is the server running, and are address, user and password right? \`comptoir doctor\` looks closer.`,
    )
  })
  const signals = notifySignals({ url })
  return {
    mode: 'postgres',
    database,
    ports: { signals },
    leases: (schema) => new DatabaseLeases(database, schema, instance),
    cursorSecret: () => sharedSecret(database, 'cursors'),
    async close() {
      await signals.close()
      await database.close()
    },
  }
}

/** An address that may be shown: without its password. @throws CommandFailure when it is none */
export function shownAddress(url: string): string {
  if (!/^postgres(ql)?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    throw new CommandFailure(
      'DATABASE_URL is no address of a PostgreSQL database: write postgres://user:password@host:5432/database',
    )
  const shown = new URL(url)
  shown.password = ''
  return shown.href
}

/** The secret of that name, which the first instance makes. */
async function sharedSecret(database: Database, name: string): Promise<Uint8Array> {
  await database.query('insert into comptoir.secret (name, value) values ($1, $2) on conflict do nothing', [
    name,
    randomBytes(32).toString('base64'),
  ])
  const [row] = await database.query<{ value: string }>('select value from comptoir.secret where name = $1', [name])
  return Buffer.from(row?.value ?? '', 'base64')
}
