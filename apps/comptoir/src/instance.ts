import { defaultCeiling, paymentsMigrations, paymentsService, putOnHold } from '@comptoir/payments'
import {
  Consumer,
  type Database,
  engineMigrations,
  type Leases,
  lonePorts,
  type Migrations,
  migrate,
  type Ports,
  Projector,
  raiseEpoch,
  type Service,
  sharedMigrations,
} from '@comptoir/runtime'
import {
  type OrderEntry,
  orderEntry,
  projectReadModel,
  ReadWaits,
  Rebuilds,
  seedStore,
  storeMigrations,
  storeService,
} from '@comptoir/store'
import { Maintenance } from './maintenance.ts'

/** The services of an installation; each has a schema of its own. */
export const services = ['store', 'payments'] as const
const userOnHold = 4

/** All migrations of a database, in order. */
export const migrations: readonly Migrations[] = [
  sharedMigrations,
  ...services.map(engineMigrations),
  ...storeMigrations,
  ...paymentsMigrations,
]

/** Brings a database up to date. */
export const migrateAll = (database: Database): Promise<void> => migrate(database, migrations)

export type ServiceName = (typeof services)[number]

export interface InstanceOptions {
  /** Fill an empty store with the demo data. */
  readonly seed: boolean
  /** The services whose work this process does (all when absent). */
  readonly serves?: readonly ServiceName[]
  /** The largest payment that is not refused, in minor units. */
  readonly ceiling?: number
  /** What the process gets from elsewhere than itself. */
  readonly ports?: Partial<Ports>
  /** How the instances on a server's database agree on who does what; absent when the database is this process's own. */
  readonly leases?: (schema: string) => Leases
}

/** One process of an installation: store and payments with their consumers and projections, on one database. */
export class Instance {
  readonly ports: Ports
  readonly serves: readonly ServiceName[]
  readonly store: Service
  readonly payments: Service
  readonly entry: OrderEntry
  readonly waits: ReadWaits
  /** The largest payment that is not refused, in minor units. */
  readonly ceiling: number
  readonly #work: readonly (Consumer | Projector)[]
  readonly #rebuilds: Rebuilds
  readonly #maintenance: Maintenance

  private constructor(ports: Ports, epoch: number, { serves = services, ceiling = defaultCeiling, leases }: InstanceOptions) {
    const of = (schema: string): Ports => (leases ? { ...ports, leases: leases(schema) } : ports)
    this.ports = ports
    this.serves = serves
    this.ceiling = ceiling
    this.store = storeService(of('store'), epoch)
    this.payments = paymentsService(of('payments'), epoch, ceiling)
    this.entry = orderEntry(this.store)
    this.waits = new ReadWaits(this.store, ports.signals)
    this.#rebuilds = new Rebuilds(this.store.ports)
    this.#maintenance = new Maintenance(ports, services, leases === undefined)
    this.#work = [
      ...(serves.includes('store') ? [new Projector(this.store, projectReadModel), new Consumer(this.store, services)] : []),
      ...(serves.includes('payments') ? [new Consumer(this.payments, services)] : []),
    ]
  }

  /** Migrates, raises the epoch where the database was moved, seeds, and begins to work, or stands by. */
  static async start(database: Database, options: InstanceOptions): Promise<Instance> {
    const ports: Ports = { ...lonePorts(database), ...options.ports }
    await migrateAll(database)
    const alone = options.leases === undefined
    const epoch = await raiseEpoch(database, services)
    const instance = new Instance(ports, epoch, options)
    await instance.#maintenance.partitions()
    if (options.seed) await seedStore(instance.store, (unit) => putOnHold(unit, userOnHold))
    const discarded = instance.#rebuilds.discard().catch(() => {})
    if (alone) await discarded
    for (const work of instance.#work) {
      const begun = work.start()
      // Another instance may do it for days.
      if (alone) await begun
    }
    return instance
  }

  /** Why orders are not going on just now; empty when all is well. */
  get troubles(): readonly string[] {
    return [...this.#work, this.#maintenance].flatMap(({ trouble }) => (trouble === null ? [] : [trouble]))
  }

  /** Age in milliseconds of the oldest message that waits to be handled. */
  get backlogAge(): number {
    return Math.max(0, ...this.#work.map((work) => (work instanceof Consumer ? work.backlogAge : 0)))
  }

  /**
   * Makes the store's read model again from the write tables, while it is read and orders flow.
   *
   * @returns how many orders it was made from
   */
  rebuild(): Promise<number> {
    return this.#rebuilds.rebuild()
  }

  /** Finishes what is in hand and stops between two transactions; the rest is found at the next start. */
  async stop(): Promise<void> {
    await this.#maintenance.stop()
    await this.#rebuilds.stop()
    await this.entry.idle()
    await Promise.all(this.#work.map((work) => work.stop()))
  }
}
