import type { Saga } from '@comptoir/saga'
import { Routing } from './consuming/routing.ts'
import { crashPoint } from './crash-points.ts'
import { tell } from './diagnostics.ts'
import { soleLeases } from './leading/leading.ts'
import type { Driven, EventHandler, Home, Lockable, Participant } from './participant.ts'
import type { Clock, Ids, Random } from './ports/clock.ts'
import { type Database, isConflict, type Value } from './ports/database.ts'
import type { Leases } from './ports/leases.ts'
import type { Signals } from './ports/signals.ts'
import { localSignals } from './signals/local-signals.ts'
import { systemClock, systemIds, systemRandom } from './system.ts'
import type { Unit, Work } from './unit.ts'
import { UnitOfWork } from './unit-of-work.ts'

/** A deadlock's other transaction is done by then. */
const conflictTries = 5
const conflictMs = 10

/** What the world gives to every service of one process. */
export interface Ports {
  readonly database: Database
  readonly signals: Signals
  readonly leases: Leases
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
}

/** What a process that shares its database with no other gives to its services. */
export const lonePorts = (database: Database): Ports => ({
  database,
  signals: localSignals(),
  leases: soleLeases(),
  clock: systemClock,
  ids: systemIds(),
  random: systemRandom,
})

export interface ServiceOptions extends Ports {
  /** The service's name: its mailbox, and its schema in the database. */
  readonly name: string
  /** The log's epoch, from `raiseEpoch`. */
  readonly epoch: number
  readonly participants: readonly Participant[]
  readonly homes?: readonly Home[]
  /** The sagas that this service drives, when they are orchestrated: it commands, and the participants answer. */
  readonly drives?: readonly Driven[]
  readonly events?: readonly EventHandler<never>[]
  readonly lockables?: Readonly<Record<string, Lockable>>
}

/** One service: its schema, its declarations and handlers, and units of work over them. */
export class Service implements Work {
  readonly name: string
  readonly epoch: number
  readonly ports: Ports
  readonly routing: Routing
  readonly homes: ReadonlyMap<string, Home>
  readonly lockables: Readonly<Record<string, Lockable>>
  readonly drives: ReadonlyMap<string, Driven>

  /** @throws TypeError when a handler is missing */
  constructor({ name, epoch, participants, homes = [], events = [], drives = [], lockables = {}, ...ports }: ServiceOptions) {
    this.name = name
    this.epoch = epoch
    this.ports = ports
    this.drives = new Map(drives.map((driven) => [driven.saga.id, driven]))
    this.routing = new Routing(
      name,
      participants,
      homes,
      events,
      drives.map(({ saga }) => saga),
    )
    this.homes = new Map(homes.map((home) => [home.saga.id, home]))
    this.lockables = lockables
  }

  query<R>(text: string, values?: readonly Value[]): Promise<R[]> {
    return this.ports.database.query<R>(text, values)
  }

  async transaction<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
    return this.withoutConflict(() => this.commit(work, 'work.beforeCommit', 'work.afterCommit'))
  }

  /** Runs it again, a few times and a moment later, when it was rolled back for the sake of another transaction. */
  async withoutConflict<T>(attempt: () => Promise<T>): Promise<T> {
    const { signals, random } = this.ports
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt()
      } catch (error) {
        if (tries === conflictTries || !isConflict(error)) throw error
        await signals.wait('conflict.never', 0, tries * conflictMs * (0.5 + random.next()))
      }
    }
  }

  /** A unit of work whose last moments have crash points of their own. */
  async commit<T>(
    work: (unit: UnitOfWork) => Promise<T>,
    before: 'work.beforeCommit' | 'entry.beforeCommit' | 'consumer.beforeCommit',
    after: 'work.afterCommit' | 'entry.afterCommit' | 'consumer.afterCommit',
  ): Promise<T> {
    const { database, signals, ids } = this.ports
    let wake: ReadonlySet<string> = new Set()
    let tally: UnitOfWork['tally'] = new Map()
    const result = await database.transaction(async (tx) => {
      const unit = new UnitOfWork(tx, { name: this.name, ids, homes: this.homes, lockables: this.lockables })
      const answer = await work(unit)
      wake = await unit.flush()
      tally = unit.tally
      crashPoint(before)
      return answer
    })
    crashPoint(after)
    signals.send([...wake].flatMap((mailbox) => [mailbox, saidSignal(mailbox, this.name)]))
    for (const entry of tally.values()) tell('comptoir:saga', () => ({ service: this.name, ...entry }))
    return result
  }
}

/** Sent besides the mailbox's own name, so that who reads it from several logs knows which one has got something. */
export const saidSignal = (mailbox: string, source: string): string => `${mailbox}<${source}`

/** The saga as its messages name it: `PlaceOrder`. */
export const sagaName = (definition: string): string => definition.split('/')[0] ?? definition

/** The declarations of an installation by their id. */
export const byDefinition = (sagas: readonly Saga[]): ReadonlyMap<string, Saga> => new Map(sagas.map((saga) => [saga.id, saga]))
