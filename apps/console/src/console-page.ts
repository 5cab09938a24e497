import { readdir } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createGzip } from 'node:zlib'
import staticFiles from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'

/** The same folder from `src` and from `dist`. */
const publicFolder = fileURLToPath(new URL('../public', import.meta.url))

/** The page is not part of the documented API. */
const undocumented: FastifySchema & { hide: true } = { hide: true }

/** Anyone may see the page: it holds no data, and what it then asks of the services has policies of its own. */
const openRoute = { config: { policy: 'anyone' as const }, schema: undocumented }

/**
 * Fastify plugin: the web page of Comptoir, one GET (and HEAD) route for each file of `public/`, and `index.html` at the
 * prefix itself (default `/`). Paths which are not files stay with the server's own not-found handler.
 */
export async function consolePage(server: FastifyInstance): Promise<void> {
  // Each file gets a route of its own, as @fastify/static's wildcard route cannot carry the policy that every route declares.
  await server.register(staticFiles, { root: publicFolder, serve: false })
  server.addHook('onSend', compress)
  for (const file of await readdir(publicFolder)) {
    server.get(`/${file}`, openRoute, (_request, reply) => reply.sendFile(file))
  }
  server.get('/', openRoute, (_request, reply) => reply.sendFile('index.html'))
}

/** Whole files to whoever takes gzip; parts (206) and "not modified" (304) stay as they are. The ETag is weak, so it holds. */
async function compress(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  reply.header('vary', 'accept-encoding')
  const whole = reply.statusCode === 200 && request.method === 'GET' && payload instanceof Readable
  if (!whole || !/\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(request.headers['accept-encoding'] ?? '')) return payload
  reply.removeHeader('content-length')
  reply.header('content-encoding', 'gzip')
  // A failed read ends the compressed stream too, which Fastify then reports.
  return pipeline(payload, createGzip(), () => {})
}
