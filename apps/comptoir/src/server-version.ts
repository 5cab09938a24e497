import type { Database } from '@comptoir/runtime'
import { CommandFailure } from './command-failure.ts'

/** 13: the first that has the type of transaction ids without end, xid8. */
const oldest = 130_000
export const neededVersion = 'version 13 or newer is needed'

/** @param number as `server_version_num` has it */
export const isTooOld = (number: number): boolean => number < oldest

/**
 * Looks whether a server is new enough, before anything is made on it.
 *
 * @param shown where it is, for people
 * @throws CommandFailure when it is not
 */
export async function refuseOldServer(database: Pick<Database, 'query'>, shown: string): Promise<void> {
  const [row] = await database.query<{ version: string; number: number }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number`,
  )
  if (row && isTooOld(row.number))
    throw new CommandFailure(
      `the database ${shown} cannot be used: it is on PostgreSQL ${row.version}, and ${neededVersion}. Upgrade the server, or name another one.`,
    )
}
