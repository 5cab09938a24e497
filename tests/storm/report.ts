import type { Queryable } from '@comptoir/runtime'
import type { Statement } from '../crash/invariants/check.ts'

export interface Storm {
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
export const endsOf = (db: Queryable): Promise<Counted[]> =>
  db.query<Counted>(
    `select concat_ws(' ', status, reason) as what, count(*)::int as n from store.orders group by status, reason order by n desc`,
  )

/** How many sagas were driven how. */
export const stylesOf = (db: Queryable): Promise<Counted[]> =>
  db.query<Counted>(
    `select style as what, count(*)::int as n from (select style from store.saga union all select style from orchestrator.saga) as s
     group by style order by n desc`,
  )

/** What a storm was and what it proved, for people. */
export function report(storm: Storm): string {
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
