import type { Loss } from '../ports/broker.ts'
import type { Queryable } from '../ports/database.ts'

/** What a mailbox has lost and was not published again. */
export interface OpenLoss {
  readonly place: string
  readonly messages: number
}

/** Keeps what was found to be lost. A gap that is known already is a new one only when it has grown. */
export async function noteLosses(db: Queryable, schema: string, losses: readonly Loss[]): Promise<void> {
  await db.query(
    `insert into ${schema}.lost as l (place, first, next)
     select place, first, max(next) from unnest($1::text[], $2::bigint[], $3::bigint[]) as n(place, first, next) group by place, first
     on conflict (place, first) do update set next = excluded.next, found = comptoir.now(), republished = null
       where l.next < excluded.next`,
    [losses.map(({ place }) => place), losses.map(({ first }) => first), losses.map(({ next }) => next)],
  )
}

/** What was lost and not published again, by place. */
export const openLosses = (db: Queryable, schema: string): Promise<OpenLoss[]> =>
  db.query<OpenLoss>(
    `select place, sum(next - first)::float8 as messages from ${schema}.lost where republished is null group by place order by place`,
  )

/** All that was found so far is published again. */
export async function endLosses(db: Queryable, schema: string): Promise<void> {
  await db.query(`update ${schema}.lost set republished = comptoir.now() where republished is null`)
}

/** In words for the operator, with the cure. */
export const lossText = (losses: readonly OpenLoss[]): string =>
  `the broker has deleted ${losses.reduce((sum, { messages }) => sum + messages, 0)} messages before they were handled (${losses.map(({ place, messages }) => `${messages} of ${place}`).join(', ')}): publish them again: comptoir republish --hours N, with N the hours since the oldest of them was said (168, all that the logs hold, when you do not know)`
