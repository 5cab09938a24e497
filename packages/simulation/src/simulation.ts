import { type Database, Driver, type DrivingStyle, driverMailbox, lonePorts, type Work } from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import type { Saga } from '@comptoir/saga'
import { withDriver } from './life.ts'
import { countOpen, type JournalEntry, readJournal, readSagas, type SimulatedSaga } from './observations.ts'
import type { SimulationOptions } from './options.ts'
import { prepare } from './prepare.ts'
import { Scheduler } from './scheduler.ts'
import { SimulatedTime, type Skew } from './simulated-time.ts'
import { SimulationError } from './trace.ts'

/** A run that is not at its end then never will be. In milliseconds of its own time. */
const endlessMs = 4 * 3_600_000

/**
 * Services with their consumers and drivers in one deterministic scheduler, on real SQL. One thing happens at a time, and the seed
 * decides which is next: a message that arrives, a call, somebody who is woken. No time passes but the simulation's own.
 */
export class Simulation {
  readonly seed: number
  readonly #options: SimulationOptions
  readonly #database: Database
  readonly #time: SimulatedTime
  readonly #scheduler: Scheduler

  private constructor(options: SimulationOptions, database: Database, epoch: number, time: SimulatedTime) {
    this.seed = options.seed ?? 1
    this.#options = options
    this.#database = database
    this.#time = time
    this.#scheduler = new Scheduler(options, database, epoch, time)
  }

  /** @throws TypeError when the services do not fit their declarations; what the database throws */
  static async open(options: SimulationOptions): Promise<Simulation> {
    const database = options.database ?? (await openPglite())
    const names = withDriver(options.services)(lonePorts(database), 0).map(({ name }) => name)
    const epoch = await prepare(database, names, options.migrations ?? [])
    const simulation = new Simulation(options, database, epoch, await SimulatedTime.on(database))
    await simulation.#time.pass(0)
    await simulation.#scheduler.start()
    return simulation
  }

  /** Every step so far, in words. */
  get trace(): readonly string[] {
    return this.#scheduler.trace.lines
  }

  /** Two runs with the same hash have taken the same steps. */
  get traceHash(): string {
    return this.#scheduler.trace.hash
  }

  /** How often the process has died. */
  get crashes(): number {
    return this.#scheduler.crashes
  }

  /** A service as whoever is outside uses it: to fill its tables, to read them, to act as a client. It never dies. */
  service(name: string): Work {
    return this.#scheduler.outside.service(name)
  }

  /** Begins a saga; answers its id. It goes on with `run`. */
  async begin<Input>(saga: Saga<string, Input>, input: Input): Promise<string> {
    const { style = 'choreographed' } = this.#options
    const id = await (style === 'choreographed' ? this.#beginAtHome(saga, input) : this.#beginDriven(saga, style, input))
    const { trace } = this.#scheduler
    trace.add(`begin ${saga.name} ${trace.numberOf(id)}`)
    await this.#scheduler.settle()
    return id
  }

  /**
   * Takes steps until nothing is left to do: every saga has ended or needs a person, everything on its way has arrived. When
   * nothing else happens, time passes.
   *
   * @param steps stop after so many, to act in between
   * @throws SimulationError when there is no end
   */
  async run(steps = Number.POSITIVE_INFINITY): Promise<void> {
    const { elapsed: began } = this.#time
    for (let step = 0; step < steps; step += 1) {
      if (await this.#scheduler.step()) continue
      if (await this.#isAtRest()) return
      await this.#scheduler.idle()
      if (this.#time.elapsed - began > endlessMs) throw this.failure('no end after four hours of its time')
    }
  }

  /** Lets so many milliseconds pass, also while messages are on their way: who waited for a time that has come is woken. */
  pass(milliseconds: number): Promise<void> {
    return this.#scheduler.pass(milliseconds)
  }

  /** Sets clocks wrong from now on: those of the processes and that of the database, each by so many milliseconds. */
  async setClocks(skew: Skew): Promise<void> {
    this.#scheduler.trace.add(`clocks ${skew.process} ms, database ${skew.database} ms`)
    await this.#time.setClocks(skew)
  }

  /** All sagas, in the order in which they began. */
  sagas(): Promise<SimulatedSaga[]> {
    return readSagas(this.#database, this.#names)
  }

  /** What the participants have noted of a saga: its steps forward, then its steps back. @throws TypeError when there is none */
  async journal(id: string): Promise<JournalEntry[]> {
    const found = (await this.sagas()).find((saga) => saga.id === id)
    const kept = this.#scheduler.outside.services.flatMap(({ homes, drives }) => [...homes.values(), ...drives.values()])
    const saga = kept.find((one) => one.saga.id === found?.definition)?.saga
    if (!saga) throw new TypeError(`no saga has the id ${id}`)
    return readJournal(this.#database, this.#names, saga, id)
  }

  /** An error that tells how to repeat this run. */
  failure(what: string, cause?: unknown): SimulationError {
    return new SimulationError(what, this.seed, this.trace, { cause })
  }

  async close(): Promise<void> {
    this.#scheduler.stop()
    if (this.#options.database === undefined) await this.#database.close()
  }

  get #names(): readonly string[] {
    return this.#scheduler.outside.services.map(({ name }) => name)
  }

  async #isAtRest(): Promise<boolean> {
    return this.#scheduler.life.broker.inHand.length === 0 && (await countOpen(this.#database, this.#names)) === 0
  }

  async #beginAtHome<Input>(saga: Saga<string, Input>, input: Input): Promise<string> {
    const home = this.#scheduler.outside.service(saga.home)
    const id = home.ports.ids.uuid()
    await home.transaction(async (unit) => unit.begin(saga, [{ id, input }]))
    return id
  }

  async #beginDriven<Input>(saga: Saga<string, Input>, style: DrivingStyle, input: Input): Promise<string> {
    const beginning = await new Driver(this.#scheduler.outside.service(driverMailbox)).begin(saga, style, input)
    if (beginning.kind !== 'begun') throw this.failure(`${saga.name} was ${beginning.kind}`)
    if (style === 'http') this.#scheduler.life.drive(beginning)
    return beginning.saga
  }
}
