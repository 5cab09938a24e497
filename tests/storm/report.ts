import type { Queryable } from '@comptoir/runtime'
import { expect } from 'vitest'
import type { PostgresServer } from '../../scripts/servers/postgres.mjs'
import type { Statement } from '../crash/invariants/check.ts'
import { witnessedTables } from '../crash/invariants/versions.ts'
import { type Aftermath, faultsInSql, statementsOf } from './aftermath.ts'
import { deadlocksOf } from './deadlocks.ts'

/** What a storm was. */
export interface Told {
  /** What the storm was over. */
  readonly name: string
  readonly seed: number
  /** Orders that were acknowledged, and in how many milliseconds; so many a second were allowed. */
  readonly orders: number
  readonly ms: number
  readonly mostASecond: number
  /** What was done, as often as it was. */
  readonly faults: readonly string[]
  /** After how many of them sagas were in flight. */
  readonly inFlight: number
  /** How often a client read an order that had gone back for a moment (decision 9). */
  readonly wentBack: number
}

/** And what it left. */
interface Left {
  /** How many orders ended how. */
  readonly ends: readonly Counted[]
  /** How many sagas were driven how. */
  readonly styles: readonly Counted[]
  /** What was checked, and holds. */
  readonly statements: readonly Statement[]
}

interface Counted {
  readonly what: string
  readonly n: number
}

/** How many orders ended how. */
const endsOf = (db: Queryable): Promise<Counted[]> =>
  db.query<Counted>(
    `select concat_ws(' ', status, reason) as what, count(*)::int as n from store.orders group by status, reason order by n desc`,
  )

/** How many sagas were driven how. */
const stylesOf = (db: Queryable): Promise<Counted[]> =>
  db.query<Counted>(
    `select style as what, count(*)::int as n from (select style from store.saga union all select style from orchestrator.saga) as s
     group by style order by n desc`,
  )

/**
 * Looks for the last time, when no instance is left: nothing is broken, everything was watched that should have been, and
 * half of the faults at least came while sagas were in flight. Says so, and answers how many sagas were driven how.
 */
export async function proven(
  storm: Omit<Told, 'orders'>,
  aftermath: Aftermath,
  postgres: PostgresServer,
): Promise<readonly Counted[]> {
  const left = await aftermath.look(async (db) => ({
    violations: [...(await faultsInSql(db, aftermath.asked)), ...(await deadlocksOf(postgres, db))],
    ends: await endsOf(db),
    styles: await stylesOf(db),
    witnessed: await db.query<{ name: string }>('select distinct name from witness.version order by name'),
  }))
  expect(left.violations).toEqual([])
  expect(left.witnessed.map((row) => row.name)).toEqual(expect.arrayContaining([...witnessedTables]))
  expect(storm.inFlight, 'faults with sagas in flight').toBeGreaterThanOrEqual(storm.faults.length / 2)
  process.stdout.write(report({ ...storm, ...left, orders: aftermath.asked.orders.size, statements: statementsOf(aftermath) }))
  return left.styles
}

/** What a storm was and what it proved, for people. */
function report(storm: Told & Left): string {
  const { orders, ms, faults } = storm
  const list = (all: readonly Counted[]) => all.map(({ what, n }) => `${n} ${what}`).join(', ')
  const kinds = [...new Set(faults)].map((what) => ({ what, n: faults.filter((one) => one === what).length }))
  return [
    `Storm over ${storm.name}, random seed ${storm.seed}`,
    `  ${orders} orders acknowledged in ${(ms / 1_000).toFixed(1)} s: ${((orders / ms) * 1_000).toFixed(1)} a second, at most ${storm.mostASecond}`,
    `  ${faults.length} faults, ${storm.inFlight} with sagas in flight: ${list(kinds)}`,
    `  orders by their end: ${list(storm.ends)}`,
    `  sagas by their style: ${list(storm.styles)}`,
    `  orders that a client read older than before, for a moment: ${storm.wentBack}`,
    ...storm.statements.map(({ invariant, rule }) => `  ${invariant} holds: ${rule}`),
    '',
  ].join('\n')
}
