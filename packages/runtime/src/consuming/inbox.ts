import type { StepRecord } from '@comptoir/saga'
import { grouped } from '../grouped.ts'
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

/** Says whether the row of a claim that was made is fresh. */
export type Fresh = (claim: Pick<Claim, 'id' | 'step' | 'phase'>) => boolean

/** From so many rows on, what they have in common is sent once, in a statement of their own. */
const manyAlike = 16

/**
 * Claims inbox rows, sorted so that two instances cannot deadlock, and answers which of them are fresh. What a conflicting
 * row says is read by a later statement: in the one that claims it is invisible.
 */
export async function claimInbox(tx: Transaction, schema: string, claims: readonly Claim[]): Promise<Fresh> {
  const runs = inRuns(claims)
  const found = await Promise.all(runs.map((run) => (isAlike(run) ? claimAlike(tx, schema, run) : claimMixed(tx, schema, run))))
  if (found.every((fresh) => fresh === 'all')) return () => true
  const keys = new Set(runs.flatMap((run, index) => (found[index] === 'all' ? run.map(claimKey) : (found[index] ?? []))))
  return (claim) => keys.has(claimKey(claim))
}

/** All claims in one order, by step, phase and id, cut where many of one step and phase begin or end. */
function inRuns(claims: readonly Claim[]): Claim[][] {
  const groups = grouped(claims, ({ step, phase }) => `${step} ${phase}`)
  const runs: Claim[][] = []
  for (const name of [...groups.keys()].sort()) {
    const group = (groups.get(name) ?? []).sort((a, b) => (a.id < b.id ? -1 : 1))
    const last = runs.at(-1)
    if (last && last.length < manyAlike && group.length < manyAlike) last.push(...group)
    else runs.push(group)
  }
  return runs
}

const isAlike = ([first, ...others]: readonly Claim[]): boolean =>
  others.length >= manyAlike - 1 &&
  others.every(({ step, phase, outcome }) => step === first?.step && phase === first.phase && outcome === first.outcome)

async function claimAlike(tx: Transaction, schema: string, claims: readonly Claim[]): Promise<'all' | string[]> {
  const [{ step, phase, outcome } = {} as Claim] = claims
  const [row] = await tx.query<{ fresh: string[] | null }>(
    `with fresh as (
       insert into ${schema}.inbox (id, step, phase, outcome, data, result)
       select id, $2, $3, $4, data, result from unnest($1::uuid[], $5::text[], $6::text[]) as c(id, data, result)
       on conflict do nothing
       returning id
     )
     select case when count(*) < $7::int then coalesce(array_agg(id), '{}') end as fresh from fresh`,
    [
      claims.map(({ id }) => id),
      step,
      phase,
      outcome,
      claims.map(({ data }) => data),
      claims.map(({ result }) => result ?? null),
      claims.length,
    ],
  )
  return row?.fresh ? row.fresh.map((id) => claimKey({ id, step, phase })) : 'all'
}

async function claimMixed(tx: Transaction, schema: string, claims: readonly Claim[]): Promise<'all' | string[]> {
  const rows = await tx.query<{ id: string; step: string; phase: string }>(
    `insert into ${schema}.inbox (id, step, phase, outcome, data, result)
     select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
     on conflict do nothing
     returning id, step, phase`,
    [
      claims.map(({ id }) => id),
      claims.map(({ step }) => step),
      claims.map(({ phase }) => phase),
      claims.map(({ outcome }) => outcome),
      claims.map(({ data }) => data),
      claims.map(({ result }) => result ?? null),
    ],
  )
  return rows.length === claims.length ? 'all' : rows.map(claimKey)
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
