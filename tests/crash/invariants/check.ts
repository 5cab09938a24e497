import type { Queryable } from '@comptoir/runtime'

/** One thing that must hold. */
export interface Statement {
  /** The invariant's number in the reliability catalogue. */
  readonly invariant: `I${number}`
  /** What must be so. */
  readonly rule: string
}

/** The same, as a query for the rows that break it. */
export interface Check extends Statement {
  /** Selects what breaks the rule: no rows, no violation. */
  readonly sql: string
}

/** Rows shown of one broken rule: the first ones say enough. */
const shown = 3

/** Every broken rule in words, with the first rows that break it. */
export async function brokenRules(db: Queryable, checks: readonly Check[]): Promise<string[]> {
  // Whole tables are joined here, and PGlite opens with every way to join but nested loops switched off.
  await db.query('set enable_hashjoin = on')
  await db.query('set enable_seqscan = on')
  await db.query('set enable_nestloop = off')
  const broken: string[] = []
  for (const { invariant, rule, sql } of checks) {
    const rows = await db.query(sql)
    const examples = rows.slice(0, shown).map((row) => JSON.stringify(row))
    if (rows.length > 0) broken.push(`${invariant} broken by ${rows.length}: ${rule}. ${examples.join(' ')}`)
  }
  return broken
}
