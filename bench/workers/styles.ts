import { placeOrder } from '@comptoir/contracts'
import type { Database } from '@comptoir/runtime'
import { buildServer } from '../../apps/comptoir/src/http.ts'
import type { Instance } from '../../apps/comptoir/src/instance.ts'
import { StoreMetrics } from '../../apps/comptoir/src/metrics.ts'
import { answer } from '../child.ts'
import { ClosedLoop } from '../closed-loop.ts'
import { openInstance } from '../comptoir.ts'
import { type CountedDatabase, countedDatabase } from '../counted-database.ts'
import type { Place } from '../place.ts'
import { randomOrder, type SagaSystem } from '../saga-system.ts'

/** How the sagas are driven. */
export type Style = 'choreographed' | 'messages' | 'http'

export interface StyleWork {
  readonly place: Place
  readonly style: Style
  /** Sagas measured one at a time. */
  readonly single: number
  /** Sagas of the closed loop, and how many of them are in flight. */
  readonly sagas: number
  readonly inFlight: number
}

export interface StyleAnswer {
  /** Milliseconds. */
  readonly latencies: readonly number[]
  readonly sagasPerSecond: number
  /** CPU of our process (milliseconds per saga). */
  readonly cpuMsPerSaga: number
  readonly messagesPerSaga: number
  readonly statementsPerSaga: number
}

const warmUp = { sagas: 1_000, inFlight: 100 } as const

await answer(async ({ place, style, single, sagas, inFlight }: StyleWork): Promise<StyleAnswer> => {
  const load = new ClosedLoop()
  let counted: CountedDatabase | undefined
  const { instance, stop } = await openInstance(place, load, (database) => {
    counted = countedDatabase(database)
    return counted
  })
  const server = await buildServer({
    instance,
    metrics: new StoreMetrics(instance),
    cursorSecret: Buffer.alloc(32),
    notReady: () => instance.troubles,
    overloaded: () => undefined,
  })
  instance.listening(await server.listen({ host: '127.0.0.1', port: 0 }))
  const system = systemOf(instance, style, (error) => load.failed(error))
  await load.throughput(system, warmUp.sagas, warmUp.inFlight)
  const latencies = single > 0 ? await load.latencies(system, single) : []
  const database = instance.ports.database
  const before = { messages: await messages(database), statements: counted?.statements ?? 0, cpu: process.cpuUsage() }
  const seconds = await load.throughput(system, sagas, inFlight)
  const { user, system: kernel } = process.cpuUsage(before.cpu)
  const statements = (counted?.statements ?? 0) - before.statements
  const found = await messages(database)
  await server.close()
  await stop(style !== 'http')
  return {
    latencies,
    sagasPerSecond: sagas / seconds,
    cpuMsPerSaga: (user + kernel) / 1_000 / sagas,
    messagesPerSaga: (found - before.messages) / sagas,
    statementsPerSaga: statements / sagas,
  }
})

/** The same orders, begun in one style or the other. */
function systemOf(instance: Instance, style: Style, failed: (error: unknown) => void): SagaSystem {
  const { entry, orchestration } = instance
  const begin = async () => {
    if (style === 'choreographed') return entry.begin(randomOrder())
    const begun = await orchestration?.driver.begin(placeOrder, style, randomOrder())
    if (begun?.kind === 'begun' && style === 'http') void orchestration?.callDriver.drive(begun.drive)
    return begun
  }
  return {
    place() {
      begin().then((begun) => {
        if (begun?.kind !== 'begun') failed(new Error(`an order was ${begun?.kind}`))
      }, failed)
    },
    stop: async () => {},
  }
}

/** Messages of sagas in all logs, the projections' own not counted. */
async function messages(database: Database): Promise<number> {
  const logs = ['store', 'payments', 'orchestrator'].map((name) => `select from ${name}.log where mailbox not like '%.changes'`)
  const [row] = await database.query<{ count: number }>(`select count(*)::int as count from (${logs.join(' union all ')}) as m`)
  return row?.count ?? 0
}
