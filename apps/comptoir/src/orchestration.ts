import { ParticipantCalls, SagaEnds } from '@comptoir/orchestrator'
import { CallDriver, Driver, type Service } from '@comptoir/runtime'
import type { Addresses } from './addresses.ts'
import { type ParticipantName, participants, type ServiceName } from './services.ts'

/** Where participants are that run elsewhere, when nothing else is said: where they run alone, on this machine. */
const usualPlaces: Readonly<Record<ParticipantName, readonly string[]>> = {
  store: ['http://127.0.0.1:5001'],
  payments: ['http://127.0.0.1:5009'],
}

/** What drives orchestrated orders in one process: by messages from its start, by calls from when it is known where it listens. */
export class Orchestration {
  readonly driver: Driver
  readonly callDriver: CallDriver
  readonly participants: ParticipantCalls
  readonly ends: SagaEnds
  #url = ''
  #stopped: Promise<void> | undefined

  /**
   * @param serves the services of this process; more than one are behind its one port, each under its prefix
   * @param elsewhere where the others are
   */
  constructor(service: Service, serves: readonly ServiceName[], elsewhere: Addresses['participants'] = {}) {
    const addresses = (at: string): readonly string[] => {
      const name = participants.find((participant) => participant === at) as ParticipantName
      return serves.includes(name) ? [`${this.#url}/${name}-api`] : (elsewhere[name] ?? usualPlaces[name])
    }
    this.participants = new ParticipantCalls(addresses)
    this.driver = new Driver(service)
    this.callDriver = new CallDriver(service, (at, call, abort) => this.participants.call(at, call, abort))
    this.ends = new SagaEnds(service, service.ports.signals)
  }

  /** Why orders are not going on just now; empty when all is well. */
  get troubles(): readonly string[] {
    return [this.driver, this.callDriver].flatMap(({ trouble }) => trouble ?? [])
  }

  start(): void {
    this.driver.start()
  }

  /** @param url where this process listens */
  call(url: string): void {
    this.#url = url
    this.callDriver.start()
  }

  /** Lets the sagas go that are driven by calls, and tells those who wait for them to ask later. The next process goes on. */
  letGo(): Promise<void> {
    this.ends.stop()
    this.#stopped ??= this.callDriver.stop()
    return this.#stopped
  }

  async stop(): Promise<void> {
    await this.letGo()
    await this.driver.stop()
  }
}
