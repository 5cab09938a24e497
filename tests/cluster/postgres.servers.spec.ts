import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../scripts/servers/postgres.mjs'
import { Acknowledged } from '../crash/acknowledged.ts'
import { drain } from '../crash/drain.ts'
import { checkAlways, checkInvariants } from '../crash/invariants.ts'
import { Load } from '../crash/load.ts'
import { faultsSeen, levelsSeen } from '../crash/outside.ts'
import { Random } from '../crash/random.ts'
import type { StoreProcess } from '../kit/process.ts'
import { until } from '../kit/wait.ts'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'

const seed = Number(process.env.COMPTOIR_CRASH_SEED ?? Date.now() % 2 ** 31)
const instances = 3
const connections = 3
/** The next fault comes after so many more acknowledgements. */
const between = 150
/** Longer than a lease and than a transaction may be left open. */
const frozenMs = 5_000
type Fault = 'kill' | 'freeze' | 'stop' | 'restart the server' | 'kill the server'
const faults: readonly Fault[] = [
  'kill',
  'freeze',
  'restart the server',
  'stop',
  'kill',
  'freeze',
  'kill the server',
  'kill',
  'freeze',
  'stop',
]

let server: PostgresServer
let database: OwnDatabase
beforeAll(async () => {
  // A server of its own, which is to be killed.
  server = await startPostgres()
  database = await ownDatabase(server.url)
})
afterAll(() => server.stop('kill'))

/** One of the instances: started again when it is gone, with clients all the time. */
class Member {
  readonly load: Load
  store: StoreProcess
  #clients = Promise.resolve()
  #said = ''

  private constructor(load: Load, store: StoreProcess) {
    this.load = load
    this.store = store
  }

  static async start(number: number): Promise<Member> {
    return new Member(new Load(new Random(seed + number), number, true), await startInstance(database.url))
  }

  /** Lets its clients begin. */
  open(): void {
    this.#clients = this.load.run(this.store.url, connections)
  }

  async again(): Promise<void> {
    await this.#clients
    this.#said += this.store.output()
    this.store = await startInstance(database.url)
    this.open()
  }

  /** All that its processes have said. */
  get said(): string {
    return this.#said + this.store.output()
  }

  async rest(): Promise<void> {
    this.load.stop()
    await this.#clients
  }
}

test(`F4, F5, F6, F9, F22, F23: I1 to I9, I12, I14, I15, I17, I19 and I20 hold after kills, freezes and restarts of three instances and their PostgreSQL (random seed ${seed})`, async () => {
  const random = new Random(seed)
  const members = [await Member.start(0), ...(await Promise.all([1, 2].map((number) => Member.start(number))))]
  const levels = await levelsSeen(members[0]?.store.url ?? '')
  for (const member of members) member.open()
  const acknowledged = () => members.reduce((sum, { load }) => sum + load.acknowledged.count, 0)
  let inFlight = 0
  for (const fault of faults) {
    const before = acknowledged()
    await until(`${between} acknowledgements more, before: ${fault}`, () => acknowledged() - before >= between, 60_000)
    const victim = members[random.between(0, instances - 1)] as Member
    if (fault === 'freeze') {
      victim.store.signal('SIGSTOP')
      await pause(frozenMs)
      victim.store.signal('SIGCONT')
    } else if (fault === 'restart the server' || fault === 'kill the server') {
      await server.stop(fault === 'kill the server' ? 'kill' : 'clean')
      await server.start()
    } else {
      expect(await (fault === 'kill' ? victim.store.kill() : victim.store.stop()), victim.store.output()).toEqual(
        fault === 'kill' ? { code: null, signal: 'SIGKILL' } : { code: 0, signal: null },
      )
      await victim.again()
    }
    const seen = await database.look(async (db) => ({
      violations: await checkAlways(db),
      open: await db.query('select from store.saga_open'),
    }))
    expect(seen.violations, `after: ${fault}`).toEqual([])
    if (seen.open.length > 0) inFlight += 1
  }
  await Promise.all(members.map((member) => member.rest()))
  const [first] = members as [Member, ...Member[]]
  for (const { load } of members) await load.settle(first.store.url)
  await drain(first.store.url)
  const all = new Acknowledged()
  const unanswered = new Map<number, number>()
  for (const { load, said } of members) {
    if (load.surprises.length > 0) process.stdout.write(said)
    expect(load.surprises).toEqual([])
    all.add(load.acknowledged)
    for (const [delta, product] of load.unanswered) unanswered.set(delta, product)
  }
  process.stdout.write(`${all.count} acknowledgements; sagas in flight after ${inFlight} of ${faults.length} faults\n`)
  expect(inFlight, 'faults with sagas in flight').toBeGreaterThanOrEqual(faults.length / 2)
  expect(await faultsSeen(first.store.url, all, levels, unanswered)).toEqual([])
  for (const { store } of members) expect((await store.stop()).code, store.output()).toBe(0)
  expect(await database.look((db) => checkInvariants(db, all))).toEqual([])
}, 600_000)
