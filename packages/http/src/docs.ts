import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyPluginAsync } from 'fastify'

export interface DocsOptions {
  readonly title: string
  /** Version of the API. */
  readonly version: string
  readonly description: string
  /** The tags of routes in the order in which the page shows them. */
  readonly tags?: readonly string[]
}

/** What the documentation page needs beyond the other pages: its own styles set by script, and pictures within them. */
const PAGE_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

const plugin: FastifyPluginAsync<DocsOptions> = async (app, { tags = [], ...info }) => {
  await app.register(swagger, { openapi: { openapi: '3.1.0', info: { ...info }, tags: tags.map((name) => ({ name })) } })
  await app.register(async (page) => {
    page.addHook('onRoute', (route) => {
      route.config = { ...route.config, policy: 'anyone' }
    })
    await page.register(swaggerUi, {
      routePrefix: '/docs',
      theme: { title: info.title },
      staticCSP: PAGE_POLICY,
      // Its default asks a validator on the internet about the document.
      uiConfig: { validatorUrl: null, layout: 'BaseLayout' },
    })
  })
}

/**
 * The OpenAPI 3.1 document of all routes registered after it, as a page at `/docs` (all assets local) and as JSON at
 * `/docs/json`. It covers its siblings, so it is not encapsulated.
 */
export const docs = Object.assign(plugin, { [Symbol.for('skip-override')]: true })
