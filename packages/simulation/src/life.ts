import {
  BrokerConsumer,
  CallDriver,
  type DriveBeginning,
  Driver,
  driverMailbox,
  homeDeadlines,
  type Ports,
  Service,
  StepCallError,
  StepCalls,
  soleLeases,
} from '@comptoir/runtime'
import type { Answer } from '@comptoir/saga'
import { type CrashMoment, mortalDatabase } from './mortal-database.ts'
import type { SeededRandom } from './seeded-random.ts'
import { SimulatedBroker } from './simulated-broker.ts'
import { SimulatedSignals } from './simulated-signals.ts'
import type { SimulatedTime } from './simulated-time.ts'

/** Makes the services of a process: called anew for each life, so that nothing in memory outlives one. */
export type MakeServices = (ports: Ports, epoch: number) => readonly Service[]

/** The services, and one that drives their sagas when none of them does. */
export function withDriver(make: MakeServices): MakeServices {
  return (ports, epoch) => {
    const services = make(ports, epoch)
    if (services.some(({ name }) => name === driverMailbox)) return services
    const drives = services.flatMap(({ homes }) => [...homes.values()].map(({ saga }) => ({ saga })))
    return [...services, new Service({ ...ports, epoch, name: driverMailbox, participants: [], drives })]
  }
}

/** A call that a driver has made and that has not arrived. */
export interface Call {
  readonly at: string
  readonly saga: string
  /** In words, for the trace. */
  readonly what: string
  /** Makes it; resolves with what to tell the caller. */
  make(): Promise<Answer>
  readonly answer: (answer: Promise<Answer>) => void
}

export interface LifeOptions {
  readonly make: MakeServices
  readonly database: Ports['database']
  readonly epoch: number
  readonly time: SimulatedTime
  readonly random: SeededRandom
  /** Whether the process is to die here. */
  readonly dies: (at: CrashMoment['at']) => boolean
}

/**
 * One life of the process that runs all services, with the loops that run them elsewhere too: consumers, drivers, deadlines. It
 * does nothing but what the simulation wakes it for.
 */
export class Life {
  readonly broker: SimulatedBroker
  readonly services: readonly Service[]
  readonly signals: SimulatedSignals
  #calls: readonly Call[] = []
  readonly #callDriver: CallDriver
  readonly #starts: readonly (() => unknown)[]
  #underway = 0
  #alive = true

  constructor({ make, database, epoch, time, random, dies }: LifeOptions) {
    this.signals = new SimulatedSignals(() => time.elapsed)
    this.broker = new SimulatedBroker(this.signals)
    const life = this
    const mortality = {
      get alive() {
        return life.#alive
      },
      dies: (at: CrashMoment['at']) => {
        if (this.#alive && dies(at)) this.#alive = false
        return !this.#alive
      },
      asked: (change: 1 | -1) => {
        this.#underway += change
      },
    }
    this.services = make(
      {
        database: mortalDatabase(database, mortality),
        signals: this.signals,
        leases: soleLeases(),
        clock: time.clock,
        ids: time.ids(random.fork()),
        random: random.fork(),
      },
      epoch,
    )
    const steps = new Map(this.services.map((service) => [service.name, new StepCalls(service)]))
    const driving = this.service(driverMailbox)
    const driver = new Driver(driving)
    this.#callDriver = new CallDriver(driving, (at, step) => {
      const participant = steps.get(at)
      if (!participant) throw new TypeError(`nobody is called ${at}: add the service to the simulation`)
      return new Promise((answer) => {
        const what = `${step.command.phase} of ${step.command.step}`
        const make = () => participant.call(step).catch(answeredWithAnError)
        this.#calls = [...this.#calls, { at, saga: step.saga, what, make, answer }]
      })
    })
    this.#starts = [
      ...this.services.map((service) => () => new BrokerConsumer(service, this.broker).start()),
      ...this.services.filter(({ homes }) => homes.size > 0).map((service) => () => homeDeadlines(service).start()),
      () => driver.start(),
      () => this.#callDriver.start(),
    ]
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Calls that have not arrived. */
  get calls(): readonly Call[] {
    return this.#calls
  }

  /** @throws TypeError when there is none of that name */
  service(name: string): Service {
    const found = this.services.find((service) => service.name === name)
    if (!found) throw new TypeError(`no service is called ${name}: add it to the simulation`)
    return found
  }

  /** Starts everything, one after the other. */
  async start(): Promise<void> {
    for (const start of this.#starts) {
      if (this.#alive) void start()
      await this.quiet()
    }
  }

  /** Drives a saga by calls, as the process does that was asked to begin it. */
  drive({ drive }: Extract<DriveBeginning, { kind: 'begun' }>): void {
    void this.#callDriver.drive(drive)
  }

  /** Takes a call off the way. */
  take(call: Call): void {
    this.#calls = this.#calls.filter((other) => other !== call)
  }

  /** The process is thrown away: what it had asked for is never answered. */
  kill(): void {
    this.#alive = false
  }

  /** Resolves when nothing goes on any more until somebody is woken, or something arrives. */
  async quiet(): Promise<void> {
    // A group commit lets one turn of the event loop pass between a request and its transaction.
    for (let turns = 0; turns < quietTurns; turns += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#underway > 0) turns = -1
    }
  }
}

/** So many turns of the event loop without a statement under way: more than any code here lets pass between two. */
const quietTurns = 4

/** As a participant answers that was reached and whose handler raised. */
function answeredWithAnError(error: unknown): never {
  throw new StepCallError(error instanceof Error ? error.message : String(error), { cause: error })
}
