import { placeOrder } from '@comptoir/contracts'
import { orchestratorService } from '@comptoir/orchestrator'
import {
  CallDriver,
  type Database,
  Driver,
  type LoggedMessage,
  localSignals,
  lonePorts,
  mailboxesOf,
  type Service,
  type Signals,
} from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import type { Style } from '@comptoir/simulation'
import { storeService } from '@comptoir/store'
import { Instance } from '../../apps/comptoir/src/instance.ts'
import { handleBatch } from '../../packages/runtime/src/consuming/batch.ts'
import { mortalDatabase } from '../../packages/simulation/src/mortal-database.ts'
import { until } from '../kit/wait.ts'
import { followHistory } from './invariants.fixture.ts'
import { type Cast, ceiling, inputOf, type Wish } from './wishes.fixture.ts'

const services = ['store', 'payments', 'orchestrator'] as const

/** How much time passes with each look at what has ended, in milliseconds: the lease of a driver that died is soon over. */
const tickMs = 250

/** Waits are cut short: nothing here depends on how long they are. */
function impatientSignals(): Signals {
  const signals = localSignals()
  return { ...signals, wait: (name, seen, ms, abort) => signals.wait(name, seen, Math.min(ms, 2), abort) }
}

interface Process {
  readonly instance: Instance
  readonly callDriver: CallDriver
  readonly alive: boolean
  /** Resolves when it dies. */
  readonly death: Promise<void>
}

/**
 * The store with the loops and the concurrency it has in earnest, on a database in memory: its steps are called in the process,
 * and time passes while it is waited for. The process dies where it is told to, and begins anew.
 */
export class LivingShop {
  readonly database: Database
  deaths = 0
  readonly #store: Service
  readonly #driver: Driver
  #process: Process | undefined
  /** The process dies when it has met so many commits. */
  #fatal = Number.POSITIVE_INFINITY

  private constructor(database: Database) {
    this.database = database
    // What speaks for the outside never dies.
    const ports = { ...lonePorts(database), signals: impatientSignals() }
    this.#store = storeService(ports, 1)
    this.#driver = new Driver(orchestratorService(ports, 1))
  }

  static async open(): Promise<LivingShop> {
    const shop = new LivingShop(await openPglite())
    await shop.#start()
    await followHistory(shop.database)
    await shop.database.script(`
      create table test.told_time as select now() as at;
      create or replace function comptoir.now() returns timestamptz language sql stable return (select at from test.told_time)`)
    return shop
  }

  /** The process dies when it is about to make, or has made, the commit of that number, counted from now on. */
  dieAt(commit: number | undefined): void {
    this.#fatal = commit ?? Number.POSITIVE_INFINITY
  }

  /** Begins the sagas of these wishes; answers their ids in that order. */
  begin(style: Style, cast: Cast, wishes: readonly Wish[]): Promise<string[]> {
    return Promise.all(
      wishes.map(async (wish) => {
        const input = inputOf(cast, wish)
        if (style === 'choreographed') {
          const id = this.#store.ports.ids.uuid()
          await this.#store.transaction(async (unit) => unit.begin(placeOrder, [{ id, input }]))
          return id
        }
        const begun = await this.#driver.begin(placeOrder, style, input)
        if (begun.kind !== 'begun') throw new Error(`an order was ${begun.kind}`)
        if (style === 'http') void this.#process?.callDriver.drive(begun.drive)
        return begun.saga
      }),
    )
  }

  /**
   * Waits until all sagas have ended, and brings meanwhile what was said once more.
   *
   * @param choose answers which of so many messages
   */
  ended(choose: (count: number) => number): Promise<true> {
    return until('all sagas have ended', async () => {
      if (!this.#process?.alive) await this.#start()
      await this.database.query(`update test.told_time set at = at + make_interval(secs => $1::float8 / 1000)`, [tickMs])
      for (const name of services) await this.#bringAgain(name, choose)
      const [row] = await this.database.query<{ open: number }>(
        'select (select count(*) from store.saga_open) + (select count(*) from orchestrator.saga_open) as open',
      )
      return row?.open === 0
    })
  }

  async close(): Promise<void> {
    await this.#process?.callDriver.stop()
    await this.#process?.instance.stop()
    await this.database.close()
  }

  async #start(): Promise<void> {
    if (this.#process) this.deaths += 1
    let alive = true
    let met = 0
    // It begins to count, and may die, when it has begun.
    let begun = false
    let die = () => {}
    const death = new Promise<void>((resolve) => {
      die = resolve
    })
    const mortality = {
      get alive() {
        return alive
      },
      dies: () => {
        if (begun && ++met >= this.#fatal) {
          alive = false
          die()
          this.#fatal = Number.POSITIVE_INFINITY
        }
        return !alive
      },
      asked: () => {},
    }
    const ports = { database: mortalDatabase(this.database, mortality), signals: impatientSignals() }
    const instance = await Instance.start(this.database, { seed: false, ceiling, ports })
    const callDriver = new CallDriver(instance.orchestrator, (at, step) => instance.steps[at as 'store' | 'payments'].call(step))
    callDriver.start()
    begun = true
    this.#process = {
      instance,
      callDriver,
      death,
      get alive() {
        return alive
      },
    }
  }

  async #bringAgain(name: (typeof services)[number], choose: (count: number) => number): Promise<void> {
    const process = this.#process
    if (!process?.alive) return
    const service = process.instance[name]
    const said = await this.database.query<LoggedMessage>(
      `select * from (${services
        .map(
          (source) =>
            `select '${source}' as source, epoch, txid::text as txid, pos, key, type, id, definition, body, 0::float8 as created
             from ${source}.log where mailbox in ($1, $1 || '.control')`,
        )
        .join(' union all ')}) as said order by key, pos desc limit 200`,
      [mailboxesOf([name])],
    )
    const again = said[choose(said.length)]
    if (!again) return
    const brought = service.commit(
      (unit) => handleBatch(unit, service, [service.routing.item(again)]),
      'work.beforeCommit',
      'work.afterCommit',
    )
    // Whoever dies over it never answers.
    await Promise.race([brought, process.death])
  }
}
