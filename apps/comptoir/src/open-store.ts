import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { backlogBound, overload } from './backlog.ts'
import { Demo } from './demo.ts'
import { drainTime } from './drain-time.ts'
import { logErrors } from './error-log.ts'
import type { Foundation } from './foundation.ts'
import { buildServer } from './http.ts'
import { Instance } from './instance.ts'
import { StoreMetrics } from './metrics.ts'
import type { ServiceName } from './services.ts'

export interface StoreOptions {
  readonly port: number
  readonly seed: boolean
  readonly demo: boolean
  readonly serves: readonly ServiceName[]
  /** How long an order waits for its payment, in milliseconds. */
  readonly payWithin: number
}

/** The store, listening. */
export interface OpenStore {
  readonly url: string
  readonly port: number
  /**
   * Says that it is not ready, and takes requests for DRAIN_MS more, so that a load balancer has gone elsewhere by then.
   * Closes the intake, finishes what is in hand, closes the database.
   */
  stop(): Promise<void>
}

/** Requests that wait for a saga get this long at a stop. */
const patienceMs = 1_500

export async function openStore(
  foundation: Foundation,
  { port, seed, demo, serves, payWithin }: StoreOptions,
): Promise<OpenStore> {
  const { database, cursorSecret, close, ...connections } = foundation
  const drainMs = drainTime()
  const bound = backlogBound()
  logErrors()
  let publicUrl = process.env.PUBLIC_URL?.replace(/\/+$/, '')
  const linkTo = (payment: number) => `${publicUrl ?? ''}/payments-api/payments/process/${payment}`
  const instance = await Instance.start(database, { seed, serves, linkTo, payWithin, ...connections })
  const metrics = new StoreMetrics(instance)
  let stopping = false
  const notReady = () => (stopping ? ['the process is stopping'] : instance.troubles)
  const server = await buildServer({
    instance,
    metrics,
    cursorSecret: await cursorSecret(),
    notReady,
    overloaded: () => overload(instance.backlog, bound),
  })
  // A client that keeps its connection would send its next request into one that is about to close.
  server.server.prependListener('request', (_request, response) => {
    if (stopping) response.setHeader('connection', 'close')
  })
  const chosen = await listenFrom(server, port)
  const url = `http://127.0.0.1:${chosen}`
  publicUrl ??= url
  instance.listening(url)
  const demonstration = demo ? new Demo(url, instance.store, instance.payments) : undefined
  return {
    url,
    port: chosen,
    async stop() {
      stopping = true
      demonstration?.stop()
      await pause(drainMs)
      await instance.orchestration?.letGo()
      const hurry = setTimeout(() => server.server.closeAllConnections(), patienceMs)
      await server.close()
      clearTimeout(hurry)
      await instance.stop()
      metrics.close()
      await close()
    },
  }
}

/** Listens on the port, or the next one that is free. */
async function listenFrom(server: FastifyInstance, port: number): Promise<number> {
  for (let candidate = port; ; candidate += 1) {
    try {
      await server.listen({ host: '127.0.0.1', port: candidate })
      const address = server.server.address()
      return typeof address === 'object' && address ? address.port : candidate
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || candidate >= port + 100) throw error
    }
  }
}
