import type { Database, Queryable } from '@comptoir/runtime'
import type { Acknowledged } from '../crash/acknowledged.ts'
import { drain } from '../crash/drain.ts'
import { promises } from '../crash/invariants/acknowledged.ts'
import { brokenRules, type Statement } from '../crash/invariants/check.ts'
import { definiteAnswers, effectsBeyond } from '../crash/invariants/definite.ts'
import { versionsAlways } from '../crash/invariants/versions.ts'
import { checkInvariants, rules } from '../crash/invariants.ts'
import { faultsSeen, seenFromOutside } from '../crash/outside.ts'
import { sessionsKept } from '../crash/sessions.ts'
import { violationsAtRest } from './at-rest.ts'
import { noDeadlocks } from './deadlocks.ts'
import { instancesAtRest, instancesGone } from './instances.ts'
import { readStoreFaults, readStoreTruthful } from './read-store.ts'
import { type Topics, topicFaults, topicLag, topicsConsumed, topicsTruthful } from './topics.ts'

/** What a storm has left, while its instances still run. */
export interface Aftermath {
  /** Where clients ask. */
  readonly url: string
  /** Where the metrics of all services are. */
  readonly metrics: readonly string[]
  /** What all clients asked for and were told. */
  readonly asked: Acknowledged
  /** The levels before anything was done. */
  readonly levels: ReadonlyMap<number, number>
  /** Looks at the schemas of all services; the store's versions have a witness. */
  look<T>(at: (database: Database) => Promise<T>): Promise<T>
  readonly topics?: Topics | undefined
  readonly redis?: { readonly url: string; readonly publicUrl: string } | undefined
}

/** Waits for rest, and answers what is wrong then, in words: in SQL, on the topics, in Redis and from outside. */
export async function faultsAfter(aftermath: Aftermath): Promise<readonly string[]> {
  const { url, metrics, asked, levels, topics, redis } = aftermath
  for (const one of metrics) await drain(one, 120_000)
  const atRest = await violationsAtRest(async () => [
    ...(topics ? await topicLag(topics) : []),
    ...(await aftermath.look(async (db) => [
      ...(await faultsInSql(db, asked)),
      ...(topics ? await topicFaults(db, topics) : []),
      ...(redis ? await readStoreFaults(db, redis.url, redis.publicUrl) : []),
    ])),
  ])
  return [...atRest, ...(await faultsSeen(url, asked, levels))]
}

/** All that SQL tells of a store at rest whose versions have a witness. */
export const faultsInSql = async (db: Queryable, asked: Acknowledged): Promise<string[]> => [
  ...(await checkInvariants(db, asked)),
  ...(await brokenRules(db, versionsAlways)),
  ...(await effectsBeyond(db, asked)),
]

/** All that was checked when there are no faults: then, and when the instances have left. */
export function statementsOf({ topics, redis }: Pick<Aftermath, 'topics' | 'redis'>): readonly Statement[] {
  return [
    ...rules,
    ...promises,
    ...versionsAlways,
    ...definiteAnswers,
    ...seenFromOutside,
    sessionsKept,
    ...(topics ? [...topicsTruthful, topicsConsumed] : []),
    ...(redis ? [readStoreTruthful] : []),
    ...instancesAtRest(),
    ...instancesGone(),
    noDeadlocks,
  ].sort((a, b) => Number(a.invariant.slice(1)) - Number(b.invariant.slice(1)))
}
