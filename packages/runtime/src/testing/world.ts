import { beforeAll, describe } from 'vitest'
import { handleBatch } from '../consuming/batch.ts'
import { BrokerConsumer } from '../consuming/broker-consumer.ts'
import type { Consumer } from '../consuming/consume.ts'
import { LogConsumer } from '../consuming/log-consumer.ts'
import { soleLeases } from '../leading/leading.ts'
import { raiseEpoch } from '../log/epoch.ts'
import { appendToLog, type LoggedMessage } from '../log/log.ts'
import { Relay } from '../log/relay.ts'
import { engineMigrations, engineTables, migrate, sharedMigrations } from '../migrate.ts'
import type { Database } from '../ports/database.ts'
import type { Signals } from '../ports/signals.ts'
import { Service } from '../service.ts'
import { localSignals } from '../signals/local-signals.ts'
import { decodeSignals } from '../signals/signal-message.ts'
import { systemIds } from '../system.ts'
import { eventually } from './eventually.ts'
import { MemoryBroker } from './memory-broker.ts'
import { openDatabase } from './open-database.ts'
import { type Acts, type Attempt, noted, senderOf, travellers, trip } from './trip.ts'
import { watchedDatabase } from './watched-database.ts'

export type Name = 'a' | 'b'
const names = ['a', 'b'] as const
const start = Date.UTC(2030, 0, 15, 12)

/**
 * A database of its own with the schemas of both services. What `comptoir.now()` answers is a row, because a setting would be
 * that of one session.
 */
export const openWorld = async (): Promise<Database> => prepareWorld(await openDatabase())

/** The same, on an empty database. */
export async function prepareWorld(database: Database): Promise<Database> {
  await migrate(database, [sharedMigrations, ...names.map(engineMigrations)])
  await database.script(`
    create table comptoir.told_time as select now() as at;
    create or replace function comptoir.now() returns timestamptz language sql stable return (select at from comptoir.told_time)`)
  for (const name of names)
    await database.script(
      `create table ${name}.effect (n int generated always as identity, saga uuid not null, name text not null)`,
    )
  return database
}

const tables = [...engineTables, 'effect']

/** Waits are cut short: nothing here depends on how long they are, only on what time it is. */
function impatientSignals(told: string[]): Signals {
  const signals = localSignals(async (message) => told.push(...(decodeSignals(message)?.names ?? [])))
  return { ...signals, wait: (name, seen, ms, abort) => signals.wait(name, seen, Math.min(ms, 2), abort) }
}

export interface WorldOptions {
  readonly acts?: Acts
  /** What the consumers see of the database. */
  readonly through?: (database: Database) => Database
}

/** How messages get from one service to the other: read from the logs by one consumer each, or carried by relays. */
let way: 'log' | 'broker' = 'log'

export const useWay = (one: typeof way): void => {
  way = one
}

/** The same tests for both ways. */
export const eachWay = (tests: () => void): void =>
  describe.each(['log', 'broker'] as const)('through the %s', (one) => {
    beforeAll(() => useWay(one))
    tests()
  })

/** Two services on an emptied database, at a time that only passes when told so. */
export class World {
  readonly database: Database
  readonly attempts: Attempt[] = []
  /** The signals that other processes were told of. */
  readonly told: string[] = []
  readonly acts: Acts
  readonly epoch: number
  readonly services: Readonly<Record<Name, Service>>
  #now = start
  readonly #watched: ReturnType<typeof watchedDatabase>
  /** What carries the messages, when the logs are not read directly. */
  readonly broker = new MemoryBroker()
  readonly relays: Relay[] = []
  readonly #running: (Consumer | Relay)[] = []
  readonly #ports
  /** What speaks for the outside: its database has no faults. */
  readonly #client: Service

  private constructor(database: Database, epoch: number, { acts = {}, through = (db) => db }: WorldOptions) {
    this.database = database
    this.epoch = epoch
    this.acts = acts
    const clock = { now: () => this.#now }
    this.#watched = watchedDatabase(through(database))
    this.#ports = {
      database: this.#watched.database,
      signals: impatientSignals(this.told),
      leases: soleLeases(),
      clock,
      ids: systemIds(clock),
      random: { next: () => 0.5 },
    }
    this.services = { a: this.service('a'), b: this.service('b') }
    this.#client = new Service({ ...this.#ports, database, name: 'a', epoch, participants: [], homes: [{ saga: trip }] })
  }

  static async create(database: Database, options: WorldOptions = {}): Promise<World> {
    // On a server this takes milliseconds, and `truncate`, which makes all files anew, a tenth of a second.
    await database.transaction(async (tx) => {
      await Promise.all(names.flatMap((name) => tables.map((table) => tx.query(`delete from ${name}.${table}`))))
    })
    const world = new World(database, await raiseEpoch(database, names), options)
    await world.pass(0)
    return world
  }

  /** One more instance of a service; of older code, when it does not know the saga; with a way to the database of its own. */
  service(name: Name, { knowsTrip = true, epoch = this.epoch, through = (db: Database) => db } = {}): Service {
    return new Service({
      ...this.#ports,
      database: through(this.#ports.database),
      name,
      epoch,
      participants: knowsTrip ? [travellers(this.acts, this.attempts)[name]] : [],
      homes: name === 'a' && knowsTrip ? [{ saga: trip }] : [],
      events: [noted(name, this.acts)],
    })
  }

  /** Starts a consumer of each service, or of those given; `stop` ends them. */
  async start(...services: Service[]): Promise<Consumer[]> {
    const started = services.length > 0 ? services : Object.values(this.services)
    const consumers = started.map((service) =>
      way === 'log' ? new LogConsumer(service, names) : new BrokerConsumer(service, this.broker.connect()),
    )
    // Of all instances one carries, as their lease sees to.
    const carriers = started.filter(({ name }, index) => started.findIndex((other) => other.name === name) === index)
    const relays = carriers.map((service) => new Relay(service, this.broker.connect(), { services: names }))
    const running = way === 'log' ? consumers : [...consumers, ...relays]
    this.relays.push(...relays)
    this.#running.push(...running)
    for (const one of running) await one.start()
    return consumers
  }

  /** Stops every consumer as a process that is told to. */
  async stop(): Promise<void> {
    for (const consumer of this.#running.splice(0)) await consumer.stop()
  }

  /** Begins trips number 1 to `count` (or of these numbers); answers their ids in that order. */
  async begin(which: number | readonly number[]): Promise<string[]> {
    const numbers = typeof which === 'number' ? Array.from({ length: which }, (_, index) => index + 1) : which
    const ids = numbers.map(() => this.#ports.ids.uuid())
    await this.#client.transaction(async (unit) =>
      unit.begin(
        trip,
        ids.map((id, index) => ({ id, input: { n: numbers[index] ?? 0 }, subject: String(numbers[index]) })),
      ),
    )
    return ids
  }

  /** Publishes a business event to a service, once for each key, numbered from 1. */
  async note(to: Name, keys: readonly string[]): Promise<void> {
    await this.#client.transaction(async (unit) => {
      for (const [index, key] of keys.entries()) unit.publish({ to, type: 'Noted', key, data: { n: index + 1 } })
    })
  }

  /** Writes a message of a trip into a mailbox, as its sender would. */
  async send(to: Name, type: string, key: string, data: unknown = {}, definition: string = trip.id): Promise<void> {
    await this.database.transaction((tx) =>
      appendToLog(tx, senderOf(type), [{ mailbox: to, key, type, id: null, definition, body: JSON.stringify(data) }]),
    )
    this.#ports.signals.send([to])
  }

  /** Handles messages in one transaction of a service, whatever its mailbox says. */
  async deliver(name: Name, messages: readonly LoggedMessage[]): Promise<void> {
    const service = this.services[name]
    const items = messages.map((message) => service.routing.item(message))
    await service.commit((unit) => handleBatch(unit, service, items), 'work.beforeCommit', 'work.afterCommit')
  }

  /**
   * Lets time pass, in milliseconds: for the database, then for the services. What the database said about the time before
   * (due in 75 ms) has arrived by then, or a service would count it from the time after.
   */
  async pass(milliseconds: number): Promise<void> {
    const now = this.#now + milliseconds
    await this.database.query('update comptoir.told_time set at = $1', [new Date(now).toISOString()])
    await this.#watched.answered()
    this.#now = now
  }

  get now(): number {
    return this.#now
  }

  /** Lets time pass, second by second, until the condition holds. */
  async until(condition: () => boolean | Promise<boolean>, step = 1_000): Promise<void> {
    await eventually(async () => {
      if (await condition()) return true
      await this.pass(step)
      return false
    })
  }

  /** Whether every trip has ended. */
  async ended(): Promise<boolean> {
    const [row] = await this.database.query<{ open: number }>('select count(*) as open from a.saga where ended_at is null')
    return row?.open === 0
  }

  /** The effects on a saga, or all, in the order in which they were committed, service by service. */
  async effects(saga?: string): Promise<string[]> {
    const rows = await this.database.query<{ name: string }>(
      `select name from (select 1 as s, n, saga, name from a.effect union all select 2, n, saga, name from b.effect) as e
       where $1::uuid is null or saga = $1 order by s, n`,
      [saga ?? null],
    )
    return rows.map((row) => row.name)
  }

  /** Everything that was said to a mailbox and its control mailbox, in the order of each log. */
  async mail(mailbox: string): Promise<LoggedMessage[]> {
    const logs = await Promise.all(
      names.map((source) =>
        this.database.query<LoggedMessage>(
          `select '${source}' as source, epoch, txid, pos, key, type, id, definition, body, (extract(epoch from created) * 1000)::float8 as created
           from ${source}.log where mailbox in ($1, $1 || '.control') order by epoch, txid, pos`,
          [mailbox],
        ),
      ),
    )
    return logs.flat()
  }

  /**
   * Until the positions of whoever reads are past all that lies in the logs. On a server they stay before every transaction
   * that was under way then, in any database, and so would whoever is started next.
   */
  async caughtUp(): Promise<void> {
    const reader = way === 'log' ? '' : '/relay'
    const behind = (keeper: Name, source: Name) =>
      this.database.query(
        `select from ${keeper}.position as p join ${source}.log as l on p.source = $1 and p.consumer = l.mailbox || $2::text
         where (l.epoch, l.txid, l.pos) > (p.epoch, p.txid, p.pos) limit 1`,
        [source, reader],
      )
    await eventually(async () => {
      const rows = await Promise.all(names.flatMap((keeper) => names.map((source) => behind(keeper, source))))
      return rows.flat().length === 0
    })
  }

  /** Loses what service a has sent to a mailbox, wherever it is, as soon as there is something. */
  async lose(mailbox: Name): Promise<void> {
    const broker = this.broker.connect()
    await eventually(async () => (await this.mail(mailbox)).length > 0 && (way === 'log' || (await broker.behind(mailbox)) > 0))
    await this.database.query('delete from a.log where mailbox = $1', [mailbox])
    this.broker.lose(mailbox)
  }

  /** What waits at a service. */
  async held(
    name: Name,
  ): Promise<{ key: string; type: string; state: string; attempts: number; settled: boolean; error: string | null }[]> {
    return this.database.query(`select key, type, state, attempts, settled, error from ${name}.held_message order by id`)
  }
}
