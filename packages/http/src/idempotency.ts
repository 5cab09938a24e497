import { createHash } from 'node:crypto'
import type { KeyClaim } from '@comptoir/runtime'
import type { FastifyRequest } from 'fastify'
import { headerValues } from './guard.ts'
import { Problem } from './problem.ts'

/**
 * The request's `Idempotency-Key`, as it was sent, or undefined when it has none.
 *
 * @throws Problem 400 when the header came twice, or is not 1 to 255 visible ASCII characters and blanks
 */
export function idempotencyKey(request: FastifyRequest): string | undefined {
  const [key, second] = headerValues(request, 'idempotency-key')
  if (key === undefined) return undefined
  if (second !== undefined || !/^[\x20-\x7e]{1,255}$/.test(key)) {
    const detail = 'Send one Idempotency-Key of 1 to 255 ASCII characters, such as a new UUID for each order.'
    throw new Problem(400, 'idempotency_key', detail, { errors: [{ parameter: 'Idempotency-Key', code: 'format', detail }] })
  }
  return key
}

/**
 * SHA-256 of what the request asks for: method, route, parameters and body, the body by its values, so that blanks and
 * the order of fields do not matter. Two requests with one key must have the same fingerprint.
 */
export function requestFingerprint(request: FastifyRequest): Buffer {
  const asked = [request.method, request.routeOptions.url, request.params, request.query, request.body ?? null]
  return createHash('sha256').update(JSON.stringify(asked, sortKeys)).digest()
}

/**
 * The claim to the request's `Idempotency-Key`; undefined when it has none.
 *
 * @param scope what the keys are unique within: method and path of the route
 * @throws Problem 400 when the header is malformed
 */
export function keyClaim(request: FastifyRequest, scope: string): KeyClaim | undefined {
  const key = idempotencyKey(request)
  return key === undefined ? undefined : { scope, key, fingerprint: requestFingerprint(request).toString('base64') }
}

/** Why a key is refused: its first request was another one, or has not been answered yet. */
export function keyProblem(why: 'mismatch' | 'open'): Problem {
  if (why === 'open')
    return new Problem(
      409,
      'idempotency_key_open',
      'The first request with this Idempotency-Key is still being answered: send it again in a moment.',
      { headers: { 'retry-after': '1' } },
    )
  return new Problem(
    422,
    'idempotency_key_reused',
    'This Idempotency-Key was used with another request: use a new key for a new request.',
  )
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
