import type { Database } from '@comptoir/runtime'
import { openPostgres } from '@comptoir/runtime/postgres'
import { shownAddress } from './addresses.ts'
import { CommandFailure } from './command-failure.ts'
import { refuseOldServer } from './server-version.ts'

/**
 * The database of a server, for a command that works on it alone.
 *
 * @param named what the address was given as
 * @throws CommandFailure when it cannot be used
 */
export async function openServer(url: string, application: string, named = 'DATABASE_URL'): Promise<Database> {
  const shown = shownAddress(url, named)
  const database = await openPostgres({ url, application, connections: 1 }).catch((error: unknown) => {
    throw new CommandFailure(
      `the database of ${named} (${shown}) cannot be used: ${(error as Error).message}. \`comptoir doctor\` looks closer.`,
    )
  })
  await refuseOldServer(database, shown)
  return database
}
