import type { FastifyInstance, RouteOptions } from 'fastify'

/** Who may call a route: a role, or `anyone`, logged in or not. */
export type Policy = 'anyone' | 'customer' | 'clerk' | 'supplier' | 'operator' | 'service'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Required on every route: who may call it. A route without one stops the start-up. */
    policy?: Policy | readonly Policy[]
  }
}

/** Makes `ready()` fail when a route does not say who may call it: what nobody thought about is closed. */
export function requirePolicies(app: FastifyInstance): void {
  const routes: { readonly url: string; readonly options: RouteOptions }[] = []
  app.addHook('onRoute', (options) => {
    routes.push({ url: options.url, options })
  })
  // Asked only when all is registered: hooks of inner plugins may still add the policy after this one has run.
  app.addHook('onReady', (done) => {
    const open = routes.filter(({ options }) => (options.config?.policy ?? []).length === 0)
    const names = open.map(({ url, options }) => `${String(options.method)} ${url}`)
    if (names.length === 0) done()
    else done(new Error(`Routes without a policy: ${names.join(', ')}. Declare config: { policy: … } on each of them.`))
  })
}
