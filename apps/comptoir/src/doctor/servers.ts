import { changesMailbox, type Database, isTransient, lossText, openLosses, pendingMigrations } from '@comptoir/runtime'
import { openPostgres } from '@comptoir/runtime/postgres'
import { type Addresses, shownAddress } from '../addresses.ts'
import { connections } from '../distributed.ts'
import { holderText, readHolders } from '../horizon.ts'
import { migrationsOf } from '../instance.ts'
import { isTooOld, neededVersion } from '../server-version.ts'
import type { ServiceName } from '../services.ts'
import { type Finding, ill, well } from './finding.ts'

/** A transaction that is open so long holds the horizon of the server. */
const longSeconds = 2

/** The PostgreSQL servers that there are addresses of, each with what of the installation is on it. */
export async function lookAtServers({ database, own, knows, kafka }: Addresses): Promise<Finding[]> {
  const places = new Map<string, ServiceName[]>()
  for (const name of knows) {
    const url = own[name] ?? database
    if (url) places.set(url, [...(places.get(url) ?? []), name])
  }
  const found = await Promise.all([...places].map(([url, names]) => lookAt(url, names, kafka !== undefined)))
  return found.flat()
}

async function lookAt(url: string, names: readonly ServiceName[], broker: boolean): Promise<Finding[]> {
  let database: Database
  try {
    database = await openPostgres({ url, application: 'comptoir doctor', connections: 1 })
  } catch (error) {
    const cure = isTransient(error) ? 'start the server, or correct the address' : 'correct DATABASE_URL'
    return [ill(`${shownAddress(url)}: ${(error as Error).message}: ${cure}`)]
  }
  try {
    return [await server(database, url), ...(await whoHolds(database)), ...(await installation(database, names, broker))]
  } finally {
    await database.close()
  }
}

async function server(database: Database, url: string): Promise<Finding> {
  const [row] = await database.query<{ version: string; number: number; fsync: string; most: number; used: number }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
       current_setting('fsync') as fsync, current_setting('max_connections')::int as most, (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used`,
  )
  if (!row) return ill(`${shownAddress(url)} does not say what it is`)
  const text = `PostgreSQL ${row.version} at ${shownAddress(url)}, ${row.used} of ${row.most} connections in use`
  if (isTooOld(row.number)) return ill(`${text}: ${neededVersion}: upgrade the server, or name another one`)
  if (row.fsync !== 'on') return ill(`${text}: fsync is off, so a power cut loses orders: switch it on`)
  if (row.most - row.used < connections) return ill(`${text}: an instance uses up to ${connections}: raise max_connections`)
  return well(text)
}

async function whoHolds(database: Database): Promise<Finding[]> {
  const holders = await readHolders(database, longSeconds)
  if (holders.length === 0) return [well('no transaction on the server writes for long')]
  return holders.map((holder) => ill(holderText(holder)))
}

async function installation(database: Database, names: readonly ServiceName[], broker: boolean): Promise<Finding[]> {
  const pending = await pendingMigrations(database, migrationsOf(names))
  if (pending.length > 0) return [well(`${pending.length} migrations are due: the next start applies them`)]
  const found = await Promise.all(names.map((name) => service(database, name, broker)))
  return [well(`the schema of ${names.join(' and ')} is up to date`), ...found.flat()]
}

/** Pieces of work that one instance of a service does; each has a lease of that name. */
const worksOf = (name: ServiceName, broker: boolean): string[] => [
  ...(broker ? [`${name}.relay`, `${name}.held`] : [name]),
  ...(name === 'store' ? [changesMailbox(name)] : []),
]

async function service(database: Database, name: ServiceName, broker: boolean): Promise<Finding[]> {
  const leases = await database.query<{ name: string; holder: string; free: boolean }>(
    `select name, holder, expires <= comptoir.now() as free from ${name}.lease`,
  )
  const [count] = await database.query<{ dead: number; open: number; attention: number }>(
    `select (select count(*)::int from ${name}.held_message where state = 'dead') as dead,
       (select count(*)::int from ${name}.saga_open) as open,
       (select count(*)::int from ${name}.saga where attention is not null and ended_at is null) as attention`,
  )
  const { dead = 0, open = 0, attention = 0 } = count ?? {}
  const losses = await openLosses(database, name)
  return [
    ...(losses.length > 0 ? [ill(lossText(losses))] : []),
    ...worksOf(name, broker).map((work) => {
      const lease = leases.find((one) => one.name === work)
      return !lease || lease.free
        ? ill(`nobody does the work of ${work}: start an instance`)
        : well(`${work} is done by ${lease.holder}`)
    }),
    dead === 0
      ? well(`no dead letters at ${name}`)
      : ill(`${dead} dead letters at ${name}: look at /saga-api/dead-letters, retry their sagas when the cause is gone`),
    attention === 0
      ? well(`${open} sagas of ${name} are under way`)
      : ill(`${attention} of ${open} open sagas of ${name} need attention: /saga-api/sagas?state=needs_attention`),
  ]
}
