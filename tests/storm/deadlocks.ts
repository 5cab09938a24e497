import { readFileSync } from 'node:fs'
import type { Queryable } from '@comptoir/runtime'
import type { PostgresServer } from '../../scripts/servers/postgres.mjs'
import type { Statement } from '../crash/invariants/check.ts'

/** What is checked here. */
export const noDeadlocks: Statement = { invariant: 'I20', rule: 'nobody deadlocked' }

/**
 * The deadlocks of all databases of a server, in words. Its counters begin anew when it was killed: its log tells of those
 * before.
 */
export async function deadlocksOf(server: PostgresServer, db: Queryable): Promise<string[]> {
  // With what the server says of who waited for whom, which is gone with its folder.
  const logged =
    readFileSync(server.log, 'utf8').match(/^.*deadlock detected.*$(?:\n(?:\t.*|.*(?:DETAIL|HINT|CONTEXT|STATEMENT): .*)$)*/gm) ??
    []
  const counted = await db.query<object>('select datname, deadlocks::int from pg_stat_database where deadlocks > 0')
  return [...logged, ...counted.map((row) => JSON.stringify(row))].map((what) => `I20 broken: ${noDeadlocks.rule}. ${what}`)
}
