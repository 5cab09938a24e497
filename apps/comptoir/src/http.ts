import { consolePage } from '@comptoir/console'
import { createServer, docs, health, metrics, stepsApi } from '@comptoir/http'
import { operatorApi, sagaOrderApi } from '@comptoir/orchestrator'
import { paymentsApi } from '@comptoir/payments'
import {
  completeAnswer,
  graphqlApi,
  ordersApi,
  placeOrderApi,
  productsApi,
  reportsApi,
  stockApi,
  usersApi,
} from '@comptoir/store'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { sagas } from './installation.ts'
import type { Instance } from './instance.ts'
import type { StoreMetrics } from './metrics.ts'
import { rebuildApi } from './rebuild.api.ts'

export interface HttpOptions {
  readonly instance: Instance
  readonly metrics: StoreMetrics
  readonly cursorSecret: Uint8Array
  /** Why the process takes no work just now; empty when it does. */
  readonly notReady: () => readonly string[]
  /** Why no order is taken just now; undefined when they are. */
  readonly overloaded: () => string | undefined
}

/** One service with its routes at the root; or all behind one port, each under its prefix, with the page. */
export async function buildServer({
  instance,
  metrics: registry,
  cursorSecret,
  notReady,
  overloaded,
}: HttpOptions): Promise<FastifyInstance> {
  const { store, payments, orchestrator, orchestration, steps, entry, entries, waits, linkTo, ports, ceiling } = instance
  const app = createServer({ allowedHosts: 'loopback' })
  await app.register(docs, {
    title: 'Comptoir',
    version: '0.1.0',
    tags: ['orders', 'stock', 'products', 'users', 'reports', 'payments', 'sagas', 'operation', 'health'],
    description:
      'The store back office: Store Manager (/store-api), Payments (/payments-api) and the orchestrator with the operator API (/saga-api). Errors are problem documents (RFC 9457).',
  })
  const ready = async () => notReady()
  const degraded = () => [...instance.degradations, overloaded()].flatMap((text) => text ?? [])

  const storeRoutes: FastifyPluginAsync = async (api) => {
    await api.register(health, { ready, degraded })
    await api.register(usersApi(store))
    await api.register(productsApi(store))
    await api.register(stockApi(store, waits, entries))
    await api.register(graphqlApi(store, waits, entries))
    await api.register(reportsApi(store))
    await api.register(placeOrderApi({ entry, waits, overloaded }))
    await api.register(ordersApi({ work: store, waits, linkTo, cursorSecret }))
    await api.register(stepsApi({ calls: steps.store, service: 'store', sagas, complete: completeAnswer(store, waits) }))
    await api.register(rebuildApi(() => instance.rebuild()))
  }
  const paid = async (order: number) => {
    // What the store shows, only a process that knows it can wait for.
    if (instance.services.includes(store)) await waits.order(order, 500, ({ status }) => status === 'PAID')
  }

  const paymentRoutes: FastifyPluginAsync = async (api) => {
    await api.register(health, { ready, degraded })
    await api.register(paymentsApi({ work: payments, clock: ports.clock, ceiling, paid }))
    await api.register(stepsApi({ calls: steps.payments, service: 'payments', sagas }))
  }
  const orderRoutes: FastifyPluginAsync = async (api) => {
    if (!orchestration) return
    const { driver, callDriver, participants, ends } = orchestration
    await api.register(sagaOrderApi({ work: orchestrator, driver, callDriver, participants, ends, overloaded }))
  }
  const sagaRoutes: FastifyPluginAsync = async (api) => {
    await api.register(health, { ready, degraded })
    const homes = [store, orchestrator].filter((home) => instance.services.includes(home))
    await api.register(
      operatorApi({ services: instance.services, homes, sagas, cursorSecret, home: store, driver: orchestrator }),
    )
    await api.register(orderRoutes)
  }

  const [alone] = instance.serves.length === 1 ? instance.serves : []
  if (alone === 'payments') await app.register(paymentRoutes)
  else if (alone === 'store') {
    await app.register(storeRoutes)
    await app.register(sagaRoutes, { prefix: '/saga-api' })
  } else if (alone === 'orchestrator') {
    await app.register(health, { ready, degraded })
    await app.register(orderRoutes)
    await app.register(sagaRoutes, { prefix: '/saga-api' })
  } else {
    await app.register(storeRoutes, { prefix: '/store-api' })
    await app.register(async (alias) => {
      // The name under which clients of the old gateway know the store; the documentation names it once.
      alias.addHook('onRoute', (route) => {
        route.schema = { ...route.schema, hide: true }
      })
      await alias.register(storeRoutes, { prefix: '/store-manager-api' })
    })
    await app.register(paymentRoutes, { prefix: '/payments-api' })
    await app.register(sagaRoutes, { prefix: '/saga-api' })
    await app.register(health, { ready, degraded })
    await app.register(consolePage)
  }
  await app.register(metrics, { registry })
  return app
}
