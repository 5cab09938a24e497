import { driverMailbox, type KeyClaim, type Work } from '@comptoir/runtime'

/** How a saga that was driven here ended. */
export interface End {
  readonly outcome: 'completed' | 'cancelled'
  /** The step that turned it back, and its reason; null when it completed. */
  readonly cause_step: string | null
  readonly reason: string | null
  /** The order's number; null when none was created. */
  readonly subject: string | null
}

/** The ends of those of the sagas that have ended, by id. */
export async function readEnds(work: Work, ids: readonly string[]): Promise<ReadonlyMap<string, End>> {
  const rows = await work.query<End & { id: string }>(
    `select id, outcome, cause_step, reason, subject from ${driverMailbox}.saga where id = any($1::uuid[]) and ended_at is not null`,
    [ids],
  )
  return new Map(rows.map(({ id, ...end }) => [id, end]))
}

/** A refused request leaves no key. */
export async function releaseKey(work: Work, { scope, key }: KeyClaim, saga: string): Promise<void> {
  await work.query(`delete from ${driverMailbox}.idempotency_key where scope = $1 and key = $2 and answer = $3`, [
    scope,
    key,
    saga,
  ])
}
