import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { checkAlways } from '../crash/invariants.ts'
import { levelsSeen } from '../crash/outside.ts'
import { Random } from '../crash/random.ts'
import type { StoreProcess } from '../kit/process.ts'
import { until } from '../kit/wait.ts'
import type { OwnDatabase } from './database.ts'
import { endRightly } from './ending.ts'
import { Member } from './member.ts'

const instances = 3
/** The next fault comes after so many more acknowledgements. */
const between = 150
/** Longer than a lease, than a transaction may be left open, and than a consumer may be silent. */
const frozenMs = 8_000

/** What happens to an instance, or to a server. */
export type Fault = 'kill' | 'freeze' | 'stop' | { readonly what: string; readonly act: () => Promise<void> }

export interface Storm {
  readonly seed: number
  readonly database: OwnDatabase
  /** What each instance is started with. */
  readonly env: NodeJS.ProcessEnv
  readonly faults: readonly Fault[]
}

/**
 * Three instances under load, one fault after the other; then they come to rest, and all invariants are checked in SQL and
 * from outside.
 */
export async function weather({ seed, database, env, faults }: Storm): Promise<void> {
  const random = new Random(seed)
  const start = (number: number) => Member.start(new Random(seed + number), number, env)
  const first = await start(0)
  const members: [Member, ...Member[]] = [
    first,
    ...(await Promise.all(Array.from({ length: instances - 1 }, (_, n) => start(n + 1)))),
  ]
  const levels = await levelsSeen(first.store.url)
  for (const member of members) member.open()
  const acknowledged = () => members.reduce((sum, { load }) => sum + load.acknowledged.count, 0)
  let inFlight = 0
  for (const fault of faults) {
    const what = typeof fault === 'string' ? fault : fault.what
    const before = acknowledged()
    await until(`${between} acknowledgements more, before: ${what}`, () => acknowledged() - before >= between, 60_000)
    const victim = members[random.between(0, instances - 1)] as Member
    if (typeof fault === 'object') await fault.act()
    else if (fault === 'freeze') await freeze(victim.store)
    else await end(victim, fault)
    const seen = await database.look(async (db) => ({
      violations: await checkAlways(db),
      open: await db.query('select from store.saga_open'),
    }))
    expect(seen.violations, `after: ${what}`).toEqual([])
    if (seen.open.length > 0) inFlight += 1
  }
  const all = await endRightly(members, database, levels)
  process.stdout.write(`${all.count} acknowledgements; sagas in flight after ${inFlight} of ${faults.length} faults\n`)
  expect(inFlight, 'faults with sagas in flight').toBeGreaterThanOrEqual(faults.length / 2)
}

/** It stands still, and goes on when others have taken over. */
export async function freeze(store: StoreProcess): Promise<void> {
  store.signal('SIGSTOP')
  await pause(frozenMs)
  store.signal('SIGCONT')
}

async function end(victim: Member, how: 'kill' | 'stop'): Promise<void> {
  const { store } = victim
  expect(await (how === 'kill' ? store.kill() : store.stop()), store.output()).toEqual(
    how === 'kill' ? { code: null, signal: 'SIGKILL' } : { code: 0, signal: null },
  )
  await victim.again()
}
