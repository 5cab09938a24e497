import { chownSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '@comptoir/runtime'
import { describe, expect, it } from 'vitest'
import type { PostgresServer } from '../../scripts/servers/postgres.mjs'
import { ownDatabase } from '../cluster/database.ts'
import { startInstance } from '../cluster/instance.ts'
import { Acknowledged } from '../crash/acknowledged.ts'
import { drain } from '../crash/drain.ts'
import { Client } from '../kit/client.ts'
import { until } from '../kit/wait.ts'
import { endsRightly, epochOf, leaveSagasOpen, newLoad, openSagas, workAnd } from './busy-store.ts'
import { burnTransactions, clusterFolder, ownCluster, runAs, withDatabase } from './clusters.ts'

const archived = async () => {
  const folder = await clusterFolder()
  const archive = join(folder, 'archive')
  const server = await ownCluster({
    folder,
    settings: { archive_mode: 'on', archive_command: `mkdir -p ${archive} && cp %p ${archive}/%f` },
  })
  return { server, archive }
}

/** A copy of a running server's files, in a folder of its own. */
async function baseBackup(server: PostgresServer, ...args: readonly string[]): Promise<string> {
  const base = join(server.folder, 'base')
  await runAs(server, 'pg_basebackup', ['-d', server.url, '-D', base, '--checkpoint=fast', ...args])
  const folder = await clusterFolder()
  renameSync(base, join(folder, 'data'))
  return folder
}

/** Tells a server that starts on this folder what it is. */
function signalFile(folder: string, name: string): void {
  const { uid, gid } = statSync(join(folder, 'data'))
  writeFileSync(join(folder, 'data', name), '')
  chownSync(join(folder, 'data', name), uid, gid)
}

const kept = (all: Acknowledged): Acknowledged => {
  const copy = new Acknowledged()
  copy.add(all)
  return copy
}

/** Each starts several servers and processes, on a machine that may be busy. */
const timeout = 180_000

describe('F51, I5, I8, I9, I15: a server that went back in time', { timeout }, () => {
  it('recovered to an earlier moment: what was there then goes on; who was connected all along must begin anew', async () => {
    const { server, archive } = await archived()
    const database = await ownDatabase(server.url)
    const old = await startInstance(database.url)
    const load = newLoad()
    const folder = await baseBackup(server, '-X', 'none')
    const then = await workAnd(old, load, async () => {
      const acknowledged = kept(load.acknowledged)
      // Locked, it does not end before the moment is in the log.
      const moment = `select pg_create_restore_point('noon') from (select from store.saga_open limit 1 for update) as open`
      await until('a moment with open sagas', () => database.look(async (db) => (await db.query(moment)).length > 0))
      return acknowledged
    })
    await workAnd(old, load, async () => {})
    await burnTransactions(server, 5_000)
    const file = await withDatabase(server.url, async (db) => {
      const [row] = await db.query<{ name: string }>('select pg_walfile_name(pg_switch_wal()) as name')
      return row?.name
    })
    await until('the log is archived', () =>
      withDatabase(server.url, async (db) => {
        const [row] = await db.query<{ done: boolean }>('select last_archived_wal >= $1 as done from pg_stat_archiver', [
          file ?? '',
        ])
        return row?.done
      }),
    )
    await server.stop('kill')
    signalFile(folder, 'recovery.signal')
    await ownCluster({
      folder,
      port: server.port,
      settings: {
        restore_command: `cp ${archive}/%f %p`,
        recovery_target_name: 'noon',
        recovery_target_action: 'promote',
        hot_standby: 'off',
      },
    })
    expect(await openSagas(database)).toBeGreaterThan(0)
    const before = await epochOf(database)

    const next = newLoad(1)
    next.acknowledged.add(then)
    const fresh = await startInstance(database.url)
    expect(await epochOf(database)).toBe(before + 1)
    await until('the old one says what to do', async () =>
      (await new Client(old.url).get('/readyz')).text.includes('the database was restored; restart this process'),
    )
    // What it still accepts is not hidden from the fresh one.
    await workAnd(old, next, async () => {})
    await drain(fresh.url)
    await Promise.all([old.stop(), fresh.stop()])
    await endsRightly(database, next)
    expect(await epochOf(database)).toBe(before + 1)
  })
  it('F23: a standby that was promoted a moment ago goes on where the primary stood', async () => {
    const primary = await ownCluster()
    const folder = await baseBackup(primary)
    signalFile(folder, 'standby.signal')
    const standby = await ownCluster({
      folder,
      settings: { primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres` },
    })
    const database = await ownDatabase(primary.url)
    const load = newLoad()
    await leaveSagasOpen(database, load)
    const before = await epochOf(database)
    const end = await withDatabase(primary.url, async (db) => {
      const [row] = await db.query<{ lsn: string }>('select pg_current_wal_flush_lsn() as lsn')
      return row?.lsn ?? ''
    })
    await until('the standby has all of it', () =>
      withDatabase(standby.url, async (db) => {
        const [row] = await db.query<{ has: boolean }>('select pg_last_wal_replay_lsn() >= $1::text::pg_lsn as has', [end])
        return row?.has
      }),
    )
    await primary.stop('kill')
    await withDatabase(standby.url, (db) => db.query('select pg_promote()'))

    const url = new URL(database.url)
    url.port = String(standby.port)
    const promoted = { ...database, url: url.href, look: <T>(at: (db: Database) => Promise<T>) => withDatabase(url.href, at) }
    expect(await openSagas(promoted)).toBeGreaterThan(0)
    await endsRightly(promoted, load)
    expect(await epochOf(promoted)).toBe(before + 1)
  })
})
