import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { PostgresServer } from '../../scripts/servers/postgres.mjs'
import { type OwnDatabase, ownDatabase } from '../cluster/database.ts'
import { scratchFolder } from '../kit/folder.ts'

const run = promisify(execFile)

/**
 * Copies the databases of the services into a new one on the same server, where their schemas lie side by side, as those of an
 * installation with one database do: rules that span services can be checked there.
 */
export async function bringTogether({ url }: PostgresServer): Promise<OwnDatabase> {
  const whole = await ownDatabase(url)
  const folder = scratchFolder()
  for (const service of ['store', 'payments', 'orchestrator']) {
    const own = new URL(url)
    own.pathname = `/${service}`
    const file = join(folder, `${service}.sql`)
    // The schema that every database has comes from the first.
    const shared = service === 'store' ? [] : ['--exclude-schema=comptoir']
    await run('pg_dump', ['--no-owner', '--no-privileges', '--exclude-schema=public', ...shared, '--file', file, own.href])
    await run('psql', ['--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1', '--file', file, whole.url])
  }
  await whole.look((database) => database.query('analyze'))
  return whole
}
