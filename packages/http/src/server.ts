import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import { clientErrorHandler } from './client-error.ts'
import { answerError } from './error-answer.ts'
import { guard, MAX_URL_LENGTH } from './guard.ts'
import { parseJson } from './json.ts'
import { keywords } from './keywords.ts'
import { KnownMethods } from './methods.ts'
import { requirePolicies } from './policy.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

export interface ServerOptions {
  /**
   * `loopback`: only requests to localhost, 127.0.0.1 and [::1] are answered, and none from a page of another origin
   * changes anything. `any`: for servers behind a gateway that checks names.
   */
  readonly allowedHosts: 'loopback' | 'any'
  /** Milliseconds that a client may take to send a whole request, 408 after that. Default 30,000. */
  readonly requestTimeout?: number
}

const BODY_LIMIT = 256 * 1024

/**
 * A Fastify server with the rules that all routes share: strict JSON, validation without coercion, problems (RFC 9457)
 * for every error, size and time limits, security headers, a policy on every route. It does not listen yet.
 *
 * Query strings and paths are text: declare their numbers as `IntegerText`.
 */
export function createServer({ allowedHosts, requestTimeout = 30_000 }: ServerOptions): FastifyInstance {
  const methods = new KnownMethods()
  const responses = new WeakMap<Socket, ServerResponse>()
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout,
    // An id is malformed however long it is (400); only the URL has a limit.
    routerOptions: { maxParamLength: MAX_URL_LENGTH },
    http: {
      // Far above the guard's own limits, so that almost all that is too long gets the exact status from there.
      maxHeaderSize: 128 * 1024,
      requireHostHeader: false,
      requestTimeout,
      headersTimeout: requestTimeout,
      connectionsCheckingInterval: Math.ceil(requestTimeout / 10),
    },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allowUnionTypes: true,
        // The answer lists them all; there are never more than a body of bounded size and count can hold.
        allErrors: true,
        // Gives the errors the schema they come from, for its description.
        verbose: true,
      },
      plugins: [keywords],
    },
    frameworkErrors: (error, request, reply) => {
      reply.headers(SECURITY_HEADERS)
      answerError(error, request, reply)
    },
    clientErrorHandler: clientErrorHandler(methods, responses),
  })
  app.server.on('request', (request, response) => responses.set(request.socket, response))
  app.addHook('onRoute', (route) => methods.add(route))
  app.addHook('onRequest', guard(allowedHosts, methods))
  requirePolicies(app)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    // Without a body there is nothing to parse; whether there must be one is for the schema to say.
    done(null, body.length === 0 ? undefined : parseJson(body as Buffer))
  })
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((request) => {
    throw methods.problem(request.method, request.url)
  })
  return app
}
