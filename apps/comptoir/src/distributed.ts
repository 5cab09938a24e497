import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { type Database, DatabaseLeases, notifySignals, type Signals } from '@comptoir/runtime'
import { openPostgres } from '@comptoir/runtime/postgres'
import { shownAddress } from './addresses.ts'
import { CommandFailure } from './command-failure.ts'
import type { Foundation } from './foundation.ts'
import { refuseOldServer } from './server-version.ts'
import { type ServiceName, services } from './services.ts'

/** Connections of one instance to one database: those of its consumers, and as many as its requests use at once. */
export const connections = 12

export interface DistributedOptions {
  /** The addresses of databases that are one service's own. */
  readonly own?: Readonly<Partial<Record<ServiceName, string>>>
  /** The services whose schemas are in these databases (all when absent). */
  readonly knows?: readonly ServiceName[]
  /** What carries wake-ups; absent: the databases do. */
  readonly signals?: Signals | undefined
}

/** How an instance reaches one database. */
interface Reach {
  readonly database: Database
  readonly signals: Signals
  close(): Promise<void>
}

/**
 * PostgreSQL servers that any number of instances share: one database for all services, each with a schema of its own, or
 * some with a database of their own.
 *
 * @throws CommandFailure when a database cannot be used
 */
export async function openDistributed(
  url: string,
  { own = {}, knows = services, signals }: DistributedOptions = {},
): Promise<Foundation> {
  // 63 bytes at most; whoever takes over from this instance finds its connections by it.
  const instance = `comptoir ${hostname().slice(0, 20)} ${process.pid} ${randomBytes(6).toString('hex')}`
  const reaches = new Map<string, Reach>()
  for (const address of new Set([url, ...Object.values(own)])) reaches.set(address, await reach(address, instance, signals))
  const of = (address: string): Reach => reaches.get(address) as Reach
  const common = of(url)
  const reachOf = (service: ServiceName) => of(own[service] ?? url)
  return {
    mode: 'postgres',
    database: common.database,
    ports: { signals: common.signals },
    own: Object.fromEntries(
      knows.map((service) => [service, { database: reachOf(service).database, signals: reachOf(service).signals }]),
    ),
    knows,
    leases: (service) => new DatabaseLeases(reachOf(service).database, service, instance),
    cursorSecret: () => sharedSecret(common.database, 'cursors'),
    async close() {
      for (const { close } of reaches.values()) await close()
    },
  }
}

async function reach(url: string, application: string, shared: Signals | undefined): Promise<Reach> {
  const database = await openPostgres({ url, application, connections }).catch((error: unknown) => {
    const { message } = error as Error
    throw new CommandFailure(
      `the database ${shownAddress(url)} cannot be used: ${message}. Is the server running, and are address, user and password right? \`comptoir doctor\` looks closer.`,
    )
  })
  await refuseOldServer(database, shownAddress(url))
  const own = shared ? undefined : notifySignals({ url })
  return {
    database,
    signals: own ?? (shared as Signals),
    async close() {
      await own?.close()
      await database.close()
    },
  }
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
