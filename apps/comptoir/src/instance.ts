import { orchestratorMigrations, orchestratorService } from '@comptoir/orchestrator'
import { defaultCeiling, paymentsMigrations, paymentsService, putOnHold } from '@comptoir/payments'
import {
  type Broker,
  BrokerConsumer,
  type Consumer,
  type Database,
  DueWork,
  engineMigrations,
  homeDeadlines,
  type Lag,
  type Leases,
  LogConsumer,
  lonePorts,
  lossText,
  type Migrations,
  migrate,
  openLosses,
  type Ports,
  Projector,
  pendingMigrations,
  type Queryable,
  type ReadStore,
  ReadStoreProjector,
  Relay,
  raiseEpoch,
  readLag,
  recordDeclarations,
  refuseStranded,
  type Service,
  StepCalls,
  sharedMigrations,
  unknownMessages,
} from '@comptoir/runtime'
import {
  EntryReads,
  expireOrders,
  type OrderEntry,
  orderEntry,
  projectReadModel,
  ReadWaits,
  Rebuilds,
  seedStore,
  storeEntries,
  storeMigrations,
  storeService,
} from '@comptoir/store'
import type { Addresses } from './addresses.ts'
import { type Carried, carriersAmong, readersAmong } from './backlog.ts'
import { Maintenance } from './maintenance.ts'
import { Orchestration } from './orchestration.ts'
import { type ParticipantName, participants, type ServiceName, services } from './services.ts'

const userOnHold = 4

const ownMigrations: Readonly<Record<ServiceName, readonly Migrations[]>> = {
  store: storeMigrations,
  payments: paymentsMigrations,
  orchestrator: orchestratorMigrations,
}

/** All migrations of a database with the schemas of these services, in order. */
export const migrationsOf = (names: readonly ServiceName[]): readonly Migrations[] => [
  sharedMigrations,
  ...names.map(engineMigrations),
  ...names.flatMap((name) => ownMigrations[name]),
]
export const migrations = migrationsOf(services)

/** Brings a database of all services up to date. */
export const migrateAll = (database: Database): Promise<void> => migrate(database, migrations)

/** A database, and the services whose schemas stand in it. */
export interface Place {
  readonly database: Database
  readonly names: readonly ServiceName[]
  /** Whether this start has made it. */
  readonly isNew: boolean
  readonly epoch: number
}

export interface InstanceOptions {
  /** Fill an empty store with the demo data. */
  readonly seed: boolean
  /** The services whose work this process does (all when absent). */
  readonly serves?: readonly ServiceName[]
  /** The services whose schemas it finds in its databases (all when absent). */
  readonly knows?: readonly ServiceName[]
  /** The largest payment that is not refused, in minor units. */
  readonly ceiling?: number
  /** How long an order waits for its payment, in milliseconds (half an hour when absent). */
  readonly payWithin?: number | undefined
  /** What the process gets from elsewhere than itself. */
  readonly ports?: Partial<Ports>
  /** Services with a database of their own. */
  readonly own?: Readonly<Partial<Record<ServiceName, Pick<Ports, 'database' | 'signals'>>>>
  /** How the instances on a server's databases agree on who does what; absent when the database is this process's own. */
  readonly leases?: (service: ServiceName) => Leases
  /** Carries the messages between the services; absent: they are read from the logs of the one database. */
  readonly broker?: Broker
  /** A quick read side that may be lost at any time; absent: reads are answered from tables. */
  readonly readStore?: ReadStore
  /** The absolute URL to pay a payment at; asked when the process listens. */
  readonly linkTo?: (payment: number) => string
  /** The topic where the broker shows the messages of sagas to others; absent: none. */
  readonly feed?: string
  /** Where participants of orchestrated sagas are that run elsewhere. */
  readonly participants?: Addresses['participants']
}

/** One process of an installation: its services with their consumers, projections and relays. */
export class Instance {
  readonly ports: Ports
  readonly serves: readonly ServiceName[]
  readonly store: Service
  readonly payments: Service
  readonly orchestrator: Service
  /** Those whose schemas it finds. */
  readonly services: readonly Service[]
  readonly entry: OrderEntry
  readonly waits: ReadWaits
  /** The steps of the participants, for whoever drives sagas by calls. */
  readonly steps: Readonly<Record<ParticipantName, StepCalls>>
  /** Where orchestrated orders begin; absent where another process drives them. */
  readonly orchestration: Orchestration | undefined
  /** Reads from the read store; absent where there is none. */
  readonly entries: EntryReads | undefined
  readonly linkTo: (payment: number) => string
  /** The largest payment that is not refused, in minor units. */
  readonly ceiling: number
  readonly #work: readonly (Consumer | Projector)[]
  readonly #relays: readonly Relay[]
  /** What is done when it is due: deadlines of the store's sagas, orders that were not paid, messages that older code has held. */
  readonly #due: readonly DueWork[]
  readonly #readStore: ReadStoreProjector | undefined
  readonly #rebuilds: Rebuilds
  readonly #maintenance: Maintenance
  readonly #carried: Carried
  #backlog: readonly Lag[] = []
  /** What the broker has deleted before it was handled, in words; empty when nothing is to be published again. */
  #losses: readonly string[] = []

  private constructor(ports: Ports, places: readonly Place[], options: InstanceOptions) {
    const { serves = services, knows = services, ceiling = defaultCeiling, own, leases, broker, feed, readStore } = options
    const { linkTo = (payment) => `/payments-api/payments/process/${payment}` } = options
    const of = (name: ServiceName): Ports => ({ ...ports, ...own?.[name], ...(leases && { leases: leases(name) }) })
    const epochOf = (name: ServiceName) => places.find((place) => place.names.includes(name))?.epoch ?? 1
    this.ports = ports
    this.serves = serves
    this.ceiling = ceiling
    this.store = storeService(of('store'), epochOf('store'), options.payWithin)
    this.payments = paymentsService(of('payments'), epochOf('payments'), ceiling)
    this.orchestrator = orchestratorService(of('orchestrator'), epochOf('orchestrator'))
    this.services = knows.map((name) => this[name])
    this.entry = orderEntry(this.store)
    this.steps = { store: new StepCalls(this.store), payments: new StepCalls(this.payments) }
    this.orchestration = serves.includes('orchestrator')
      ? new Orchestration(this.orchestrator, serves, options.participants)
      : undefined
    const { signals } = this.store.ports
    this.linkTo = linkTo
    this.entries = readStore && new EntryReads('store', readStore, signals)
    this.waits = new ReadWaits(this.store, signals, this.entries && { entries: this.entries, linkTo })
    this.#rebuilds = new Rebuilds(this.store.ports)
    this.#maintenance = new Maintenance(places, ports.clock, leases === undefined, () => this.#measure())
    const consumer = (service: Service) => (broker ? new BrokerConsumer(service, broker) : new LogConsumer(service, services))
    const served = serves.map((name) => this[name])
    this.#work = [...(serves.includes('store') ? [new Projector(this.store, projectReadModel)] : []), ...served.map(consumer)]
    this.#readStore =
      readStore && serves.includes('store') ? new ReadStoreProjector(this.store, readStore, storeEntries(linkTo)) : undefined
    this.#due = [
      ...(serves.includes('store') ? [homeDeadlines(this.store), new DueWork(this.store, 'expiry', expireOrders)] : []),
      ...(broker ? served.map(unknownMessages) : []),
    ]
    this.#carried = { broker: broker !== undefined, feed: feed !== undefined }
    this.#relays = broker ? served.map((service) => new Relay(service, broker, { services, feed })) : []
  }

  /**
   * Migrates, raises the epoch where a database was moved, seeds, and begins to work, or stands by.
   *
   * @throws StrandedSagasError when sagas are open that this code could not end: then it has consumed nothing
   */
  static async start(database: Database, options: InstanceOptions): Promise<Instance> {
    const ports: Ports = { ...lonePorts(database), ...options.ports }
    const { knows = services, serves = services, own } = options
    const places: Place[] = []
    for (const place of new Set(knows.map((name) => own?.[name]?.database ?? database))) {
      const names = knows.filter((name) => (own?.[name]?.database ?? database) === place)
      const wanted = migrationsOf(names)
      const isNew = (await pendingMigrations(place, wanted)).includes(`${names[0]}.engine 001_engine.sql`)
      await migrate(place, wanted)
      places.push({ database: place, names, isNew, epoch: await raiseEpoch(place, names) })
    }
    const alone = options.leases === undefined
    const instance = new Instance(ports, places, options)
    for (const place of places) await instance.#declare(place)
    await instance.#maintenance.partitions()
    if (options.seed) await instance.#seed(places)
    const discarded = serves.includes('store') ? instance.#rebuilds.discard().catch(() => {}) : undefined
    if (alone) await discarded
    for (const work of instance.#work) {
      const begun = work.start()
      // Another instance may do it for days.
      if (alone) await begun
    }
    instance.orchestration?.start()
    for (const due of instance.#due) due.start()
    // The broker may be away: orders are taken all the same.
    for (const relay of instance.#relays) void relay.start()
    return instance
  }

  /**
   * Begins what needs to know where this process listens: the read store, whose orders show where they are paid, and calls of
   * its own steps.
   */
  listening(url: string): void {
    void this.#readStore?.start()
    this.orchestration?.call(url)
  }

  /** Why orders are not going on just now; empty when all is well. */
  get troubles(): readonly string[] {
    const own = [...this.#work, ...this.#due, this.#maintenance].flatMap(({ trouble }) => trouble ?? [])
    return [...own, ...(this.orchestration?.troubles ?? [])]
  }

  /** What is away while requests are taken all the same; empty when all is well. */
  get degradations(): readonly string[] {
    const consumers = this.#work.filter((work) => work instanceof BrokerConsumer)
    // Another instance may keep the read store, and reach it where this one cannot.
    const unread = this.#readStore?.trouble ?? this.entries?.trouble
    const texts = [
      ...this.#relays.map(({ trouble }) => trouble),
      ...consumers.map(({ away }) => away),
      unread && `Redis: ${unread}: tables of PostgreSQL answer meanwhile; start it, or correct REDIS_URL`,
    ]
    return [...texts.flatMap((text) => text ?? []), ...this.#losses, ...(this.orchestration?.participants.troubles ?? [])]
  }

  /** How far everybody who reads a log is behind, whichever instance does it. */
  async lags(): Promise<readonly Lag[]> {
    const together = this.services.flatMap((reader) =>
      this.services
        .filter((source) => source.ports.database === reader.ports.database)
        .map((source) => [reader, source] as const),
    )
    const found = await Promise.all(together.map(([reader, source]) => readLag(reader, source.name)))
    return readersAmong(found.flat(), services, this.#carried)
  }

  /** How far those are behind who carry messages from service to service, on whichever instance, a second ago. */
  get backlog(): readonly Lag[] {
    return this.#backlog
  }

  /** For how many seconds the oldest transaction that writes had been open a few seconds ago, on any server; 0: none for long. */
  get horizonAge(): number {
    return this.#maintenance.horizon.seconds
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
    await Promise.all([this.#maintenance, ...this.#due].map((work) => work.stop()))
    await this.#rebuilds.stop()
    await this.orchestration?.stop()
    await Promise.all([this.entry, ...participants.map((name) => this.steps[name])].map((group) => group.idle()))
    await Promise.all([...this.#work, ...this.#relays, ...(this.#readStore ? [this.#readStore] : [])].map((work) => work.stop()))
  }

  /** Looks whether this code can go on with what is open in a database, and keeps there what it knows. */
  async #declare({ database, names }: Place): Promise<void> {
    const code = services.map((name) => this[name])
    const served = names.filter((name) => this.serves.includes(name)).map((name) => this[name])
    await refuseStranded(database, { schemas: names, code, served })
    for (const { name, routing } of served) await recordDeclarations(database, name, routing.sagas)
  }

  async #seed(places: readonly Place[]): Promise<void> {
    const together = this.store.ports.database === this.payments.ports.database
    const hold = (unit: Queryable) => putOnHold(unit, userOnHold)
    const serves = (name: ServiceName) => this.services.includes(this[name])
    if (serves('store')) await seedStore(this.store, together && serves('payments') ? hold : undefined)
    const own = places.find(({ database, isNew }) => isNew && database === this.payments.ports.database)
    if (serves('payments') && own && !own.names.includes('store')) await hold(this.payments)
  }

  async #measure(): Promise<void> {
    this.#backlog = carriersAmong(await this.lags(), services, this.#carried.broker)
    const served = this.#relays.length > 0 ? this.serves : []
    const found = await Promise.all(served.map((name) => openLosses(this[name], name)))
    this.#losses = found.filter((losses) => losses.length > 0).map(lossText)
  }
}
