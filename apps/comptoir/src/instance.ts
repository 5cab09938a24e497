import { defaultCeiling, paymentsMigrations, paymentsService, putOnHold } from '@comptoir/payments'
import {
  Consumer,
  type Database,
  engineMigrations,
  localSignals,
  type Migrations,
  migrate,
  type Ports,
  Projector,
  raiseEpoch,
  type Service,
  sharedMigrations,
  systemClock,
  systemIds,
  systemRandom,
} from '@comptoir/runtime'
import {
  discardRebuild,
  type OrderEntry,
  orderEntry,
  ReadModel,
  ReadWaits,
  seedStore,
  storeMigrations,
  storeService,
} from '@comptoir/store'

import { Maintenance } from './maintenance.ts'

/** The services of an installation; each has a schema of its own. */
export const services = ['store', 'payments'] as const
const userOnHold = 4

/** All migrations of an embedded database, in order. */
export const migrations: readonly Migrations[] = [
  sharedMigrations,
  ...services.map(engineMigrations),
  ...storeMigrations,
  ...paymentsMigrations,
]

/** Brings an embedded database up to date. */
export const migrateEmbedded = (database: Database): Promise<void> => migrate(database, migrations)

export interface EmbeddedOptions {
  /** Fill an empty store with the demo data. */
  readonly seed: boolean
  /** The largest payment that is not refused, in minor units. */
  readonly ceiling?: number
  readonly ports?: Partial<Ports>
}

/** All services in one process on one embedded database: store and payments with their consumers and projections. */
export class Embedded {
  readonly ports: Ports
  readonly store: Service
  readonly payments: Service
  readonly entry: OrderEntry
  readonly waits: ReadWaits
  /** The largest payment that is not refused, in minor units. */
  readonly ceiling: number
  readonly #consumers: readonly Consumer[]
  readonly #projector: Projector
  readonly #readModel = new ReadModel()
  readonly #maintenance: Maintenance

  private constructor(ports: Ports, epoch: number, ceiling: number) {
    this.ports = ports
    this.ceiling = ceiling
    this.store = storeService(ports, epoch)
    this.payments = paymentsService(ports, epoch, ceiling)
    this.entry = orderEntry(this.store)
    this.waits = new ReadWaits(this.store, ports.signals, this.#readModel)
    this.#maintenance = new Maintenance(ports, services)
    this.#consumers = [new Consumer(this.store, services), new Consumer(this.payments, services)]
    this.#projector = new Projector(this.store, this.#readModel.project)
  }

  /** Migrates, raises the epoch where the database was moved, seeds, and begins to work. */
  static async start(database: Database, { seed, ceiling = defaultCeiling, ports = {} }: EmbeddedOptions): Promise<Embedded> {
    const all: Ports = { database, signals: localSignals(), clock: systemClock, ids: systemIds(), random: systemRandom, ...ports }
    await migrateEmbedded(database)
    await discardRebuild(database)
    const epoch = await raiseEpoch(database, services)
    const embedded = new Embedded(all, epoch, ceiling)
    await embedded.#maintenance.partitions()
    if (seed) await seedStore(embedded.store, (unit) => putOnHold(unit, userOnHold))
    await embedded.#projector.start()
    for (const consumer of embedded.#consumers) await consumer.start()
    return embedded
  }

  /** Why orders are not going on just now; empty when all is well. */
  get troubles(): readonly string[] {
    return [...this.#consumers, this.#projector, this.#maintenance].flatMap(({ trouble }) => (trouble === null ? [] : [trouble]))
  }

  /** Age in milliseconds of the oldest message that waits to be handled. */
  get backlogAge(): number {
    return Math.max(...this.#consumers.map((consumer) => consumer.backlogAge))
  }

  /**
   * Makes the store's read model again from the write tables, while it is read and orders flow.
   *
   * @returns how many orders it was made from
   */
  rebuild(): Promise<number> {
    return this.#readModel.rebuild(this.ports.database)
  }

  /** Finishes what is in hand and stops between two transactions; the rest is found at the next start. */
  async stop(): Promise<void> {
    await this.#maintenance.stop()
    await this.entry.idle()
    await Promise.all([...this.#consumers.map((consumer) => consumer.stop()), this.#projector.stop()])
  }
}
