import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Database, isTransient, pendingMigrations } from '@comptoir/runtime'
import { readHolder } from '@comptoir/runtime/pglite/folder-lock'
import { openPostgres } from '@comptoir/runtime/postgres'
import { CommandFailure } from './command-failure.ts'
import { connections, shownAddress } from './distributed.ts'
import { migrations, services } from './instance.ts'

interface Finding {
  readonly ok: boolean
  /** What was found; when it is not well, also what to do. */
  readonly text: string
}
const well = (text: string): Finding => ({ ok: true, text })
const ill = (text: string): Finding => ({ ok: false, text })

const oldestServer = 130_000
/** A transaction that is open so long hides what is written after it from every consumer of the server. */
const longSeconds = 2

/** Looks at everything that an instance needs, says what it found, and throws when something is not well. */
export async function doctor({ data }: { readonly data: string }): Promise<void> {
  const url = process.env.DATABASE_URL
  const findings = [nodeVersion(), ...(url ? await onServer(url) : await onFolder(resolve(data)))]
  for (const { ok, text } of findings) process.stdout.write(`${ok ? 'ok ' : '!! '} ${text}\n`)
  const troubles = findings.filter(({ ok }) => !ok).length
  if (troubles > 0)
    throw new CommandFailure(`${troubles} of ${findings.length} findings need you: the lines with !! say what to do`)
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const text = `Node ${process.versions.node}`
  return major > 20 || (major === 20 && minor >= 19) ? well(text) : ill(`${text} is too old: install 20.19 or newer`)
}

async function onFolder(folder: string): Promise<Finding[]> {
  const holder = readHolder(folder)
  if (holder) {
    const { url } = holder.details
    if (typeof url !== 'string') return [ill(`process ${holder.pid} is starting on ${folder}: ask again in a moment`)]
    return [well(`process ${holder.pid} serves ${folder} at ${url}`), await readiness(url)]
  }
  const database = existsSync(resolve(folder, 'database'))
  return [
    well(database ? `${folder} has a store; no process serves it` : `${folder} has no store yet: the first start makes one`),
  ]
}

async function readiness(url: string): Promise<Finding> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) })
    const { detail } = (await answer.json()) as { detail?: string }
    return answer.ok ? well('it is ready') : ill(`it is not ready: ${detail}`)
  } catch (error) {
    return ill(`it does not answer (${String(error)}): stop that process and start it again`)
  }
}

async function onServer(url: string): Promise<Finding[]> {
  let database: Database
  try {
    database = await openPostgres({ url, application: 'comptoir doctor', connections: 1 })
  } catch (error) {
    const cure = isTransient(error) ? 'start the server, or correct the address' : 'correct DATABASE_URL'
    return [ill(`${shownAddress(url)}: ${(error as Error).message}: ${cure}`)]
  }
  try {
    return [await server(database, url), ...(await whoHides(database)), ...(await installation(database))]
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
  if (row.number < oldestServer) return ill(`${text}: version 13 or newer is needed`)
  if (row.fsync !== 'on') return ill(`${text}: fsync is off, so a power cut loses orders: switch it on`)
  if (row.most - row.used < connections) return ill(`${text}: an instance uses up to ${connections}: raise max_connections`)
  return well(text)
}

/** The horizon below which messages are read is the whole server's: it is held back by any database on it. */
async function whoHides(database: Database): Promise<Finding[]> {
  const rows = await database.query<{ who: string; seconds: number }>(
    `select format('process %s in database %s (%s)', pid, datname, state) as who, extract(epoch from clock_timestamp() - xact_start)::int as seconds
     from pg_stat_activity where backend_xid is not null and xact_start < clock_timestamp() - make_interval(secs => $1)
     union all
     select format('prepared transaction %s in database %s', gid, database), extract(epoch from clock_timestamp() - prepared)::int from pg_prepared_xacts`,
    [longSeconds],
  )
  if (rows.length === 0) return [well('no transaction on the server hides new messages')]
  return rows.map(({ who, seconds }) => ill(`${who} writes since ${seconds} s and hides every newer message: end it`))
}

async function installation(database: Database): Promise<Finding[]> {
  const pending = await pendingMigrations(database, migrations)
  if (pending.length > 0) return [well(`${pending.length} migrations are due: the next start applies them`)]
  const leases = await Promise.all(
    services.map((service) =>
      database.query<{ name: string; holder: string; free: boolean }>(
        `select name, holder, expires <= comptoir.now() as free from ${service}.lease where name not like '%.rebuild' order by name`,
      ),
    ),
  )
  const dead = await Promise.all(
    services.map((service) =>
      database.query<{ n: number }>(`select count(*)::int as n from ${service}.held_message where state = 'dead'`),
    ),
  )
  const [sagas] = await database.query<{ open: number; attention: number }>(
    `select (select count(*)::int from store.saga_open) as open,
       (select count(*)::int from store.saga where attention is not null and ended_at is null) as attention`,
  )
  const letters = dead.flat().reduce((sum, { n }) => sum + n, 0)
  return [
    well('the schema is up to date'),
    ...leases
      .flat()
      .map(({ name, holder, free }) =>
        free ? ill(`nobody does the work of ${name}: start an instance`) : well(`${name} is done by ${holder}`),
      ),
    letters === 0
      ? well('no dead letters')
      : ill(`${letters} dead letters: look at /saga-api/dead-letters, retry their sagas when the cause is gone`),
    sagas && sagas.attention > 0
      ? ill(`${sagas.attention} of ${sagas.open} open sagas need attention: /saga-api/sagas?state=needs_attention`)
      : well(`${sagas?.open ?? 0} sagas are under way`),
  ]
}
