import type { StepRecord } from '@comptoir/saga'
import type { Transaction } from '../ports/database.ts'

/** An inbox row to claim. `refused` is the barrier that an early undo or settle leaves for the step it overtook. */
export interface Claim {
  readonly id: string
  readonly step: string
  readonly phase: 'do' | 'undo' | 'event'
  readonly outcome: 'done' | 'refused'
  /** What the step was given, for its undo. */
  readonly data: string | null
  /** What it answered, where that is known when the row is written (JSON text). */
  readonly result?: string | null
}

export const claimKey = (claim: { id: string; step: string; phase: string }): string => `${claim.id} ${claim.step} ${claim.phase}`

/**
 * Claims inbox rows in one sorted statement (sorted, so that two instances cannot deadlock) and answers the keys of those
 * that are fresh. What a conflicting row says is read by a later statement: in this one it is invisible.
 */
export async function claimInbox(tx: Transaction, schema: string, claims: readonly Claim[]): Promise<ReadonlySet<string>> {
  const sorted = claims.map((claim) => ({ claim, key: claimKey(claim) })).sort((a, b) => (a.key < b.key ? -1 : 1))
  const rows = await tx.query<{ id: string; step: string; phase: string }>(
    `insert into ${schema}.inbox (id, step, phase, outcome, data, result)
     select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
     on conflict do nothing
     returning id, step, phase`,
    [
      sorted.map(({ claim }) => claim.id),
      sorted.map(({ claim }) => claim.step),
      sorted.map(({ claim }) => claim.phase),
      sorted.map(({ claim }) => claim.outcome),
      sorted.map(({ claim }) => claim.data),
      sorted.map(({ claim }) => claim.result ?? null),
    ],
  )
  return rows.length === sorted.length ? new Set(sorted.map(({ key }) => key)) : new Set(rows.map(claimKey))
}

/** What a step's inbox row says: its outcome, what it was given and what it answered (JSON texts), or why it did not succeed. */
export interface StoredStep extends Omit<StepRecord, 'undone'> {
  readonly data: string | null
  readonly result: string | null
  readonly reason: string | null
}

/** The do rows of these steps, by `claimKey`. */
export async function readSteps(
  tx: Transaction,
  schema: string,
  steps: readonly { id: string; step: string }[],
): Promise<ReadonlyMap<string, StoredStep>> {
  const rows = await tx.query<StoredStep & { id: string; step: string }>(
    `select i.id, i.step, i.outcome, i.data, i.result, i.reason
     from unnest($1::uuid[], $2::text[]) as k(id, step) join ${schema}.inbox as i on i.id = k.id and i.step = k.step and i.phase = 'do'`,
    [steps.map((s) => s.id), steps.map((s) => s.step)],
  )
  return new Map(rows.map((row) => [claimKey({ ...row, phase: 'do' }), row]))
}

/** What became of a claimed step, where it is more than `done`. */
export interface Verdict {
  readonly id: string
  readonly step: string
  readonly outcome: 'done' | 'failed' | 'refused'
  readonly result: string | null
  readonly reason: string | null
  readonly detail: string | null
}

/**
 * Writes outcomes and results into the rows that this transaction claimed. An upsert and not an update from a join: it
 * finds its rows by their key whatever the planner believes about the table.
 */
export async function recordVerdicts(tx: Transaction, schema: string, verdicts: readonly Verdict[]): Promise<void> {
  await tx.query(
    `insert into ${schema}.inbox (id, step, phase, outcome, result, reason, detail)
     select id, step, 'do', outcome, result, reason, detail
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as v(id, step, outcome, result, reason, detail)
     on conflict (id, step, phase) do update
       set outcome = excluded.outcome, result = excluded.result, reason = excluded.reason, detail = excluded.detail`,
    [
      verdicts.map((v) => v.id),
      verdicts.map((v) => v.step),
      verdicts.map((v) => v.outcome),
      verdicts.map((v) => v.result),
      verdicts.map((v) => v.reason),
      verdicts.map((v) => v.detail),
    ],
  )
}
