import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import type { PostgresServer } from '../../scripts/servers/postgres.mjs'
import { Acknowledged } from '../crash/acknowledged.ts'
import { brokenRules } from '../crash/invariants/check.ts'
import { versionsAlways, witnessVersions } from '../crash/invariants/versions.ts'
import { checkAlways } from '../crash/invariants.ts'
import { levelsSeen } from '../crash/outside.ts'
import { Pace } from '../crash/pace.ts'
import { Random } from '../crash/random.ts'
import type { StoreProcess } from '../kit/process.ts'
import { until } from '../kit/wait.ts'
import { type Aftermath, faultsAfter } from '../storm/aftermath.ts'
import { DrivenOrders } from '../storm/driven-orders.ts'
import { instancesAtRest, instancesGone } from '../storm/instances.ts'
import { proven } from '../storm/report.ts'
import type { OwnDatabase } from './database.ts'
import { Member } from './member.ts'

const instances = 3
/** Clients of orders that are driven. */
const drivers = 2
/** Orders, by all clients together. */
const mostASecond = 200
/** The next fault comes after so many more acknowledgements. */
const between = 150
/** Longer than a lease, than a transaction may be left open, and than a consumer may be silent. */
const frozenMs = 8_000
const publicUrl = 'http://shop.example'

/** What happens to an instance, or to a server. */
export type Fault = 'kill' | 'freeze' | 'stop' | { readonly what: string; readonly act: () => Promise<void> }

const inWords = { kill: 'instance is killed', freeze: 'instance stands still', stop: 'instance is stopped' }

export interface Storm {
  readonly name: string
  readonly seed: number
  readonly postgres: PostgresServer
  readonly database: OwnDatabase
  /** Where else the instances work, if they do. */
  readonly kafka?: string
  readonly redis?: string
  readonly faults: readonly Fault[]
}

/**
 * Three instances under load, one fault after the other; then they come to rest, and all invariants are checked in SQL and
 * from outside.
 */
export async function weather({ name, seed, postgres, database, kafka, redis, faults }: Storm): Promise<void> {
  const random = new Random(seed)
  const pace = new Pace(mostASecond)
  const env = { DATABASE_URL: database.url, PUBLIC_URL: publicUrl, KAFKA_BROKERS: kafka ?? '', REDIS_URL: redis ?? '' }
  const start = (number: number) => Member.start(new Random(seed + number), number, env, { pace })
  const first = await start(0)
  const members: [Member, ...Member[]] = [
    first,
    ...(await Promise.all(Array.from({ length: instances - 1 }, (_, n) => start(n + 1)))),
  ]
  const levels = await levelsSeen(first.store.url)
  await database.look((db) => witnessVersions(db, true))
  const driven = new DrivenOrders(new Random(seed + instances), pace)
  const loads = [...members.map(({ load }) => load), driven]
  const opened = performance.now()
  for (const member of members) member.open()
  const drivenToTheEnd = driven.run(() => first.store.url, drivers)
  const acknowledged = () => loads.reduce((sum, load) => sum + load.acknowledged.count, 0)
  let inFlight = 0
  for (const fault of faults) {
    const what = wordsOf(fault)
    const before = acknowledged()
    await until(`${between} acknowledgements more, before: ${what}`, () => acknowledged() - before >= between, 60_000)
    const victim = members[random.between(0, instances - 1)] as Member
    if (typeof fault === 'object') await fault.act()
    else if (fault === 'freeze') await freeze(victim.store)
    else await end(victim, fault)
    const seen = await database.look(async (db) => ({
      violations: [...(await checkAlways(db)), ...(await brokenRules(db, versionsAlways))],
      open: await db.query('select from store.saga_open'),
    }))
    expect(seen.violations, `after: ${what}`).toEqual([])
    if (seen.open.length > 0) inFlight += 1
  }
  driven.stop()
  await Promise.all([...members.map((member) => member.rest()), drivenToTheEnd])
  const ms = performance.now() - opened
  for (const { load } of members) await load.settle(first.store.url)
  const asked = new Acknowledged()
  for (const load of loads) asked.add(load.acknowledged)
  const surprises = loads.flatMap((load) => load.surprises)
  const aftermath: Aftermath = {
    url: first.store.url,
    metrics: [first.store.url],
    asked,
    levels,
    look: database.look,
    topics: kafka === undefined ? undefined : { brokers: kafka, prefix: '' },
    redis: redis === undefined ? undefined : { url: redis, publicUrl },
  }
  const found = [...surprises, ...(await faultsAfter(aftermath))]
  if (found.length > 0) for (const { said } of members) process.stdout.write(said)
  expect(found).toEqual([])
  expect(await database.look((db) => brokenRules(db, instancesAtRest()))).toEqual([])
  for (const { store } of members) expect((await store.stop()).code, store.output()).toBe(0)
  expect(await database.look((db) => brokenRules(db, instancesGone()))).toEqual([])
  const wentBack = members.reduce((sum, { load }) => sum + load.wentBack, 0)
  const told = { name, seed, ms, mostASecond, inFlight, faults: faults.map(wordsOf), wentBack }
  const styles = await proven(told, aftermath, postgres)
  expect(styles.map(({ what }) => what).sort()).toEqual(['choreographed', 'http', 'messages'])
}

const wordsOf = (fault: Fault): string => (typeof fault === 'string' ? inWords[fault] : fault.what)

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
