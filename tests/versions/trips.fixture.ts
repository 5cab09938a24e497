import { randomUUID } from 'node:crypto'
import { lonePorts, type Signals } from '@comptoir/runtime'
import { openPostgres } from '@comptoir/runtime/postgres'
import type { Saga } from '@comptoir/saga'
import { BrokerConsumer } from '../../packages/runtime/src/consuming/broker-consumer.ts'
import { LogConsumer } from '../../packages/runtime/src/consuming/log-consumer.ts'
import { DatabaseLeases } from '../../packages/runtime/src/leading/database-leases.ts'
import { raiseEpoch } from '../../packages/runtime/src/log/epoch.ts'
import { Relay } from '../../packages/runtime/src/log/relay.ts'
import { engineMigrations, migrate, sharedMigrations } from '../../packages/runtime/src/migrate.ts'
import type { Database } from '../../packages/runtime/src/ports/database.ts'
import type { Service } from '../../packages/runtime/src/service.ts'
import { localSignals } from '../../packages/runtime/src/signals/local-signals.ts'
import { MemoryBroker } from '../../packages/runtime/src/testing/memory-broker.ts'
import { codeOf } from '../../packages/runtime/src/testing/trip-two.ts'
import { recordDeclarations } from '../../packages/runtime/src/versions/declarations.ts'
import { refuseStranded } from '../../packages/runtime/src/versions/stranded.ts'
import { unknownMessages } from '../../packages/runtime/src/versions/unknown-messages.ts'

const names = ['a', 'b'] as const

/** Makes the tables of trips. */
export async function prepareTrips(database: Database): Promise<void> {
  await migrate(database, [sharedMigrations, ...names.map(engineMigrations)])
  for (const name of names)
    await database.script(
      `create table ${name}.effect (n int generated always as identity, saga uuid not null, name text not null)`,
    )
}

interface Work {
  start(): unknown
  stop(): Promise<void>
}
/** What instances have in common beside their database. */
export interface Way {
  readonly signals: Signals
  /** What an instance does for a service. */
  work(service: Service): readonly Work[]
}

/** How messages get from one service to the other: one instance reads the logs, or all share what relays carry. */
export const ways = {
  log: (): Way => ({ signals: localSignals(), work: (service) => [new LogConsumer(service, names)] }),
  broker: (): Way => {
    const broker = new MemoryBroker()
    return {
      signals: localSignals(),
      work: (service) => [
        new BrokerConsumer(service, broker.connect()),
        new Relay(service, broker.connect(), { services: names }),
        unknownMessages(service),
      ],
    }
  },
}

/** One instance of both services, as a process has it: connections, leases and consumers of its own. */
export class TripInstance {
  readonly #database: Database
  readonly #home: Service
  readonly #work: readonly Work[]
  #stopped: Promise<void> | undefined

  private constructor(database: Database, home: Service, work: readonly Work[]) {
    this.#database = database
    this.#home = home
    this.#work = work
  }

  /** @throws StrandedSagasError */
  static async start(url: string, versions: readonly (1 | 2)[], { signals, work }: Way): Promise<TripInstance> {
    const application = `trips ${randomUUID()}`
    const database = await openPostgres({ url, application })
    try {
      const epoch = await raiseEpoch(database, names)
      const portsOf = (name: string) => ({
        ports: { ...lonePorts(database), signals, leases: new DatabaseLeases(database, name, application) },
      })
      const ground = { epoch, acts: {}, attempts: [], services: { a: portsOf('a'), b: portsOf('b') } }
      const [home, other] = [codeOf(ground, 'a', versions), codeOf(ground, 'b', versions)] as const
      const code = [home, other]
      await refuseStranded(database, { schemas: names, code, served: code })
      for (const { name, routing } of code) await recordDeclarations(database, name, routing.sagas)
      const instance = new TripInstance(database, home, code.flatMap(work))
      // Another instance may do it until it stops.
      for (const one of instance.#work) void one.start()
      return instance
    } catch (error) {
      await database.close()
      throw error
    }
  }

  async begin(saga: Saga<string, { n: number }>, count: number): Promise<void> {
    const ids = Array.from({ length: count }, () => this.#home.ports.ids.uuid())
    await this.#home.transaction(async (unit) =>
      unit.begin(
        saga,
        ids.map((id, n) => ({ id, input: { n }, subject: String(n) })),
      ),
    )
  }

  /** Handles nothing more; it may still begin sagas. */
  async idle(): Promise<void> {
    await Promise.all(this.#work.map((one) => one.stop()))
  }

  /** As at SIGTERM. */
  stop(): Promise<void> {
    this.#stopped ??= this.idle().then(() => this.#database.close())
    return this.#stopped
  }
}
