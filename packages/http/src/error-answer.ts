import { randomUUID } from 'node:crypto'
import { channel } from 'node:diagnostics_channel'
import { STATUS_CODES } from 'node:http'
import { isDoubtful, isOutOfRoom, isShutOut, isTransient } from '@comptoir/runtime'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { pathOf } from './methods.ts'
import { Problem } from './problem.ts'
import { validationProblem } from './validation.ts'

/** Published on the diagnostics channel `comptoir:http:error` for every error that is answered with 500. */
export interface UnexpectedError {
  /** The id that the client was given, to find this error by. */
  readonly id: string
  readonly error: unknown
  readonly method: string
  /** The route's pattern, `/orders/:id`; undefined when no route was reached. */
  readonly route: string | undefined
}

const unexpected = channel('comptoir:http:error')

/** Answers an error as `application/problem+json`. The server's error handler, for routes, hooks and plugins alike. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error, request)
  reply.code(problem.status).headers(problem.headers).type('application/problem+json')
  // As bytes: Fastify would add a charset to a text, and this media type has none.
  reply.send(Buffer.from(problem.toJson(pathOf(request.url))))
}

function problemOf(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  const { validation, validationContext, code, statusCode } = (error ?? {}) as Partial<FastifyError>
  if (validation !== undefined) return validationProblem(validation, validationContext ?? 'body')
  const known = code === undefined ? undefined : FRAMEWORK_ERRORS[code]
  if (known !== undefined) return new Problem(...known)
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    // A plugin's own words may tell what should stay inside.
    return new Problem(statusCode, 'refused', `${STATUS_CODES[statusCode] ?? 'Refused'}. Compare the request with /docs.`)
  }
  if (isTransient(error) || isShutOut(error)) return outage(error)
  const id = randomUUID()
  unexpected.publish({ id, error, method: request.method, route: request.routeOptions.url } satisfies UnexpectedError)
  const detail = `Something went wrong in here. Look whether it was done before you try again; report it with the id ${id}.`
  return new Problem(500, 'internal', detail, { members: { id } })
}

/** The database is away, busy, full or on its way back, or an operator has to let this process in again; a later try may succeed. */
function outage(error: unknown): Problem {
  return new Problem(503, 'unavailable', outageDetail(error), { headers: { 'retry-after': '1' } })
}

function outageDetail(error: unknown): string {
  if (isDoubtful(error))
    return 'The database did not say whether it was done. Look before you try again, or repeat it with the same Idempotency-Key.'
  if (isOutOfRoom(error))
    return 'The disk of the database is full. Nothing was done: try again when whoever runs the store has made room there.'
  return 'The database does not answer just now. Nothing was done: try again in a moment.'
}

const FRAMEWORK_ERRORS: Readonly<Record<string, [status: number, code: string, detail: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'body_too_large', 'The body is longer than 256 KiB. Send less at once.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'content_length', 'The body is not as long as Content-Length says. Correct it.'],
  FST_ERR_BAD_URL: [400, 'malformed_url', 'The path has a broken percent-encoding. Correct it.'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'url_too_long', 'A part of the path is too long. Shorten it.'],
}
