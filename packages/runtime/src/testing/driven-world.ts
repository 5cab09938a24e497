import { handleBatch } from '../consuming/batch.ts'
import type { Consumer } from '../consuming/consume.ts'
import { LogConsumer } from '../consuming/log-consumer.ts'
import { CallDriver, type CallStep } from '../driving/call-driver.ts'
import { Driver } from '../driving/driver.ts'
import type { DrivingStyle } from '../driving/driving.ts'
import { StepCalls } from '../driving/step-calls.ts'
import { soleLeases } from '../leading/leading.ts'
import { raiseEpoch } from '../log/epoch.ts'
import type { LoggedMessage } from '../log/log.ts'
import { drivingMigrations, engineMigrations, migrate, sharedMigrations } from '../migrate.ts'
import type { Database } from '../ports/database.ts'
import { Service } from '../service.ts'
import { localSignals } from '../signals/local-signals.ts'
import { systemIds } from '../system.ts'
import { openDatabase } from './open-database.ts'
import { type Acts, type Attempt, travellers, trip } from './trip.ts'

export type Style = 'choreographed' | DrivingStyle
export const styles = ['choreographed', 'messages', 'http'] as const satisfies readonly Style[]

const participants = ['a', 'b'] as const
const names = [...participants, 'orchestrator'] as const
const start = Date.UTC(2030, 0, 15, 12)

/** A database for both participants and the service that drives. */
export async function openDrivenWorld(): Promise<Database> {
  const database = await openDatabase()
  await migrate(database, [sharedMigrations, ...names.map(engineMigrations), drivingMigrations('orchestrator')])
  await database.script(`
    create table comptoir.told_time as select now() as at;
    create or replace function comptoir.now() returns timestamptz language sql stable return (select at from comptoir.told_time);
    create table a.effect (n int generated always as identity, saga uuid not null, name text not null);
    create table b.effect (n int generated always as identity, saga uuid not null, name text not null)`)
  return database
}

/** Trips in every style, with the same participants. Time passes only when it is told to; waits are cut short. */
export class DrivenWorld {
  readonly attempts: Attempt[] = []
  readonly driver: Driver
  readonly calls: Readonly<Record<string, StepCalls>>
  readonly services: Readonly<Record<(typeof names)[number], Service>>
  readonly #database: Database
  readonly consumers: readonly Consumer[]
  readonly #callDrivers: CallDriver[] = []
  #now = start

  private constructor(database: Database, epoch: number, acts: Acts) {
    const clock = { now: () => this.#now }
    const signals = localSignals()
    const impatient = {
      ...signals,
      wait: (name: string, seen: number, ms: number, abort?: AbortSignal) => signals.wait(name, seen, Math.min(ms, 2), abort),
    }
    const ports = {
      database,
      signals: impatient,
      leases: soleLeases(),
      clock,
      ids: systemIds(clock),
      random: { next: () => 0.5 },
      epoch,
    }
    const people = travellers(acts, this.attempts)
    this.#database = database
    this.services = {
      a: new Service({ ...ports, name: 'a', participants: [people.a], homes: [{ saga: trip }] }),
      b: new Service({ ...ports, name: 'b', participants: [people.b] }),
      orchestrator: new Service({
        ...ports,
        name: 'orchestrator',
        participants: [],
        drives: [{ saga: trip, subject: subjectOf }],
      }),
    }
    this.calls = { a: new StepCalls(this.services.a), b: new StepCalls(this.services.b) }
    this.driver = new Driver(this.services.orchestrator)
    this.consumers = Object.values(this.services).map((service) => new LogConsumer(service, names))
  }

  static async create(database: Database, acts: Acts = {}): Promise<DrivenWorld> {
    const tables = ['log', 'inbox', 'position', 'saga', 'saga_open', 'held_key', 'held_message', 'started', 'idempotency_key']
    await database.transaction(async (tx) => {
      for (const name of names) for (const table of tables) await tx.query(`delete from ${name}.${table}`)
      for (const name of participants) await tx.query(`delete from ${name}.effect`)
      await tx.query('delete from orchestrator.driving')
    })
    const world = new DrivenWorld(database, await raiseEpoch(database, names), acts)
    await world.pass(0)
    return world
  }

  async start(): Promise<void> {
    for (const consumer of this.consumers) await consumer.start()
    this.driver.start()
  }

  async stop(): Promise<void> {
    for (const consumer of this.consumers) await consumer.stop()
    for (const driver of this.#callDrivers) await driver.stop()
    await this.driver.stop()
  }

  /** One more instance that drives by calls. */
  callDriver(
    call: CallStep = (at, step) => this.calls[at]?.call(step) ?? Promise.reject(new Error(`${at} is away`)),
  ): CallDriver {
    const driver = new CallDriver(this.services.orchestrator, call)
    this.#callDrivers.push(driver)
    return driver
  }

  /** Begins a trip; answers its id. */
  async begin(style: Style, n: number): Promise<string> {
    if (style === 'choreographed') {
      const id = this.services.a.ports.ids.uuid()
      await this.services.a.transaction(async (unit) => unit.begin(trip, [{ id, input: { n }, subject: String(n) }]))
      return id
    }
    const begun = await this.driver.begin(trip, style, { n })
    if (begun.kind !== 'begun') throw new Error(`a trip was ${begun.kind}`)
    return begun.saga
  }

  /** Handles messages in one transaction of a service, whatever its mailbox says. */
  async deliver(name: (typeof names)[number], messages: readonly LoggedMessage[]): Promise<void> {
    const service = this.services[name]
    const items = messages.map((message) => service.routing.item(message))
    await service.commit((unit) => handleBatch(unit, service, items), 'work.beforeCommit', 'work.afterCommit')
  }

  /** Everything that was said to a mailbox, in the order of each log. */
  async mail(mailbox: string): Promise<LoggedMessage[]> {
    const logs = await Promise.all(
      names.map((source) =>
        this.#database.query<LoggedMessage>(
          `select '${source}' as source, epoch, txid, pos, key, type, id, definition, body, 0 as created
           from ${source}.log where mailbox = $1 order by epoch, txid, pos`,
          [mailbox],
        ),
      ),
    )
    return logs.flat()
  }

  /** Lets time pass, in milliseconds. */
  async pass(milliseconds: number): Promise<void> {
    const now = this.#now + milliseconds
    await this.#database.query('update comptoir.told_time set at = $1', [new Date(now).toISOString()])
    this.#now = now
  }

  /** How each trip stands, at its home or at its driver, by id. */
  async ends(): Promise<
    Map<string, { outcome: string | null; cause_step: string | null; reason: string | null; subject: string | null }>
  > {
    const rows = await this.#database.query<{
      id: string
      outcome: string | null
      cause_step: string | null
      reason: string | null
      subject: string | null
    }>(
      `select id, outcome, cause_step, reason, subject from a.saga union all select id, outcome, cause_step, reason, subject from orchestrator.saga`,
    )
    return new Map(rows.map(({ id, ...row }) => [id, row]))
  }

  /** The effects on a trip that were committed, service by service, in order. */
  async effects(id: string): Promise<string[]> {
    const rows = await this.#database.query<{ name: string }>(
      `select name from (select 1 as s, n, saga, name from a.effect union all select 2, n, saga, name from b.effect) as e where saga = $1 order by s, n`,
      [id],
    )
    return rows.map(({ name }) => name)
  }
}

const subjectOf = (known: { readonly [name: string]: unknown }): string | undefined =>
  known.book === undefined ? undefined : String((known.input as { n: number }).n)
