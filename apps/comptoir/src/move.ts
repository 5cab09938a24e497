import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Database, isDoubtful, MigrationChangedError, pendingMigrations, type Transaction } from '@comptoir/runtime'
import { hasDatabase, openPglite } from '@comptoir/runtime/pglite'
import { claimFolder } from '@comptoir/runtime/pglite/folder-lock'
import { shownAddress } from './addresses.ts'
import { CommandFailure } from './command-failure.ts'
import { copyDatabase, dataTables, filled } from './copy-database.ts'
import { migrateAll, migrations } from './instance.ts'
import { forgetMove, readMove, refuseMoved, writeMove } from './moved.ts'
import { openServer } from './open-server.ts'

/**
 * Moves an embedded store to the empty database of a server: every row, sequence and position, in one transaction. Nobody
 * can serve it there before that is committed, and from then on the folder says where its data are. The next start there
 * finds itself on another server and raises the epoch: what the log holds is read again, through the inbox.
 */
export async function move({ data }: { readonly data: string }): Promise<void> {
  const folder = resolve(data)
  const url = process.env.DATABASE_URL
  if (!url) throw new CommandFailure('where to? Set DATABASE_URL to an empty database of a PostgreSQL server')
  if (!(existsSync(folder) && (await hasDatabase(folder))))
    throw new CommandFailure(`there is no store in ${folder}: name its folder with --data DIR`)
  const claim = claimFolder(folder, {})
  try {
    const target = await openServer(url, 'comptoir move')
    try {
      await moveTo(target, folder, shownAddress(url))
    } finally {
      await target.close()
    }
  } finally {
    claim.release()
  }
}

async function moveTo(target: Database, folder: string, to: string): Promise<void> {
  const before = readMove(folder)
  if (before?.ended) refuseMoved(folder)
  if (before && (await arrived(target)) === before.token) {
    writeMove(folder, { ...before, ended: true })
    return say(`everything in ${folder} had arrived at ${to} already`)
  }
  const source = await openPglite({ folder })
  try {
    const tables = await dataTables(source)
    await refuseFilled(target, tables, to)
    await sameMigrations(source, target, folder, to)
    const token = randomUUID()
    writeMove(folder, { token, to, ended: false })
    const rows = await target
      .transaction((tx) => arrive(source, tx, { tables, token, secret: secretOf(folder), to }))
      .catch((error: unknown) => {
        if (isDoubtful(error)) refuseMoved(folder)
        forgetMove(folder)
        throw error
      })
    writeMove(folder, { token, to, ended: true })
    say(`${rows} rows of ${folder} were moved to ${to}: start it there with that DATABASE_URL`)
  } finally {
    await source.close()
  }
}

interface Arrival {
  readonly tables: readonly string[]
  readonly token: string
  readonly secret: Uint8Array | undefined
  readonly to: string
}

async function arrive(source: Database, tx: Transaction, { tables, token, secret, to }: Arrival): Promise<number> {
  await tx.query(`set local idle_in_transaction_session_timeout = 0`)
  // A store that is started there meanwhile waits here, finds no time left, and ends.
  await tx.query(`lock table ${tables.join(', ')} in access exclusive mode`)
  await refuseFilled(tx, tables, to)
  const rows = await copyDatabase(source, tx, tables)
  if (secret)
    await tx.query(`insert into comptoir.secret (name, value) values ('cursors', $1)`, [Buffer.from(secret).toString('base64')])
  await tx.query(`comment on schema comptoir is '${token}'`)
  return rows
}

/** The token of the move whose data are there. */
async function arrived(target: Database): Promise<string | undefined> {
  const [row] = await target.query<{ token: string }>(
    `select obj_description(to_regnamespace('comptoir'), 'pg_namespace') as token`,
  )
  return row?.token
}

async function refuseFilled(target: Parameters<typeof filled>[0], tables: readonly string[], to: string): Promise<void> {
  const [first] = await filled(target, tables)
  if (first)
    throw new CommandFailure(
      `${to} has data of a store already (${first} is not empty), and a move mixes nothing: name an empty database, or drop that one and create it again`,
    )
}

/** Brings the target to where the source must be. @throws CommandFailure when they are of different versions */
async function sameMigrations(source: Database, target: Database, folder: string, to: string): Promise<void> {
  try {
    if ((await pendingMigrations(source, migrations)).length > 0)
      throw new CommandFailure(
        `the store in ${folder} is of an older version: start and stop it once with this one, then move it`,
      )
    await migrateAll(target)
  } catch (error) {
    if (error instanceof MigrationChangedError) throw new CommandFailure(error.message)
    throw error
  }
  const select = `select owner || ' ' || name || ' ' || digest as applied from comptoir.migration order by 1`
  const [here, there] = await Promise.all([source.query(select), target.query(select)])
  if (JSON.stringify(here) !== JSON.stringify(there))
    throw new CommandFailure(`${folder} and ${to} are of different versions: move with the newer one, to an empty database`)
}

/** What signs the cursors that clients hold. */
function secretOf(folder: string): Uint8Array | undefined {
  const file = join(folder, 'secret')
  return existsSync(file) ? readFileSync(file) : undefined
}

const say = (text: string) => {
  process.stdout.write(`comptoir: ${text}\n`)
}
