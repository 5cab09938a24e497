import { type Database, keepPartitions, MigrationChangedError, migrate } from '@comptoir/runtime'
import { addressesFrom, shownAddress } from './addresses.ts'
import { CommandFailure } from './command-failure.ts'
import { grantApp, grantReader, viewOwner } from './grants.ts'
import { migrationsOf } from './instance.ts'
import { openServer } from './open-server.ts'
import type { ServiceName } from './services.ts'

export interface Roles {
  /** The role that serves. */
  readonly app?: string
  /** The role that reads. */
  readonly reader?: string
}

/** Brings each database of the services up to date as the role that owns its tables, and grants what the other roles need. */
export async function migrateServers(roles: Roles): Promise<void> {
  if (roles.reader !== undefined && roles.app === undefined)
    throw new CommandFailure('name the role that serves, too (--app): the read model is its own, and it lets the reader in')
  for (const [url, names] of databases()) {
    const database = await openServer(url, 'comptoir migrate')
    try {
      await bring(database, names, roles)
    } catch (error) {
      if (error instanceof MigrationChangedError) throw new CommandFailure(error.message)
      throw error
    } finally {
      await database.close()
    }
    const granted = [roles.app && `${roles.app} may serve`, roles.reader && `${roles.reader} may read`].filter(Boolean)
    process.stdout.write(`comptoir: ${[`${shownAddress(url)} is up to date`, ...granted].join('; ')}\n`)
  }
}

/** The services whose schemas stand in each database, by its address. */
function databases(): Map<string, ServiceName[]> {
  const { database, own, knows } = addressesFrom(process.env)
  const places = new Map<string, ServiceName[]>()
  for (const name of knows) {
    const url = own[name] ?? database
    if (!url) throw new CommandFailure('set DATABASE_URL to the database, as the role that owns its tables')
    places.set(url, [...(places.get(url) ?? []), name])
  }
  return places
}

async function bring(database: Database, names: readonly ServiceName[], { app, reader }: Roles): Promise<void> {
  for (const role of [app, reader]) if (role !== undefined) await refuseRole(database, role)
  await migrate(database, migrationsOf(names))
  await keepPartitions(database, names, Date.now())
  if (app === undefined) return
  if (names.includes(viewOwner)) await mayGiveAway(database, app)
  await grantApp(database, names, app)
  if (reader !== undefined) await grantReader(database, names, app, reader)
}

async function refuseRole(database: Database, role: string): Promise<void> {
  const [known] = await database.query<{ own: boolean; great: boolean }>(
    'select rolname = current_user as own, rolsuper as great from pg_roles where rolname = $1',
    [role],
  )
  if (!known) throw new CommandFailure(`there is no role ${role}: create it with \`create role "${role}" login password '…'\``)
  if (known.own || known.great)
    throw new CommandFailure(`${role} may do everything here already: name a role that owns nothing and is no superuser`)
}

/** Only a member of a role can make it an owner, and only who may let others make schemas can let it rebuild. */
async function mayGiveAway(database: Database, app: string): Promise<void> {
  const [may] = await database.query<{ me: string; member: boolean; create: boolean; name: string }>(
    `select current_user as me, pg_has_role(current_user, $1::text::name, 'USAGE') as member, current_database() as name,
       has_database_privilege(current_user, current_database(), 'create with grant option') as create`,
    [app],
  )
  if (!may?.member) throw new CommandFailure(`the read model is to be ${app}'s: \`grant "${app}" to "${may?.me}"\` first`)
  if (!may.create)
    throw new CommandFailure(
      `${app} makes a schema at each rebuild, and you may not let it: \`alter database "${may.name}" owner to "${may.me}"\` first`,
    )
}
