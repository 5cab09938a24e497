import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Problem } from './problem.ts'
import { MAX_ID } from './schemas.ts'

/** The versions of which an entry must have one for an edit to be done; `any`: whichever it has, but it must be there. */
export type Expected = 'any' | readonly number[]

/** The headers of a route that edits an entry, as the documentation shows them. */
export const EditHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      description:
        'The ETag of the entry as it was read: when it has changed since, nothing is done and the answer is 412 (without this header, the last edit wins)',
    }),
  ),
})

/** The ETag of an answer, as the documentation shows it: for the `headers` of a response's schema. */
export const etagHeader = { ETag: { type: 'string', description: 'The version of the entry, to be sent as If-Match of an edit' } }

/** The answer to an edit of what has changed, as the documentation shows it. */
export const Stale = Type.Object(
  { detail: Type.String() },
  { description: 'The entry has changed since it was read: nothing was done (application/problem+json)' },
)

/** The state of an entry as its ETag (RFC 9110, section 8.8.3). */
export const entityTag = (version: number): string => `"${version}"`

const tag = '(?:W/)?"[\\x21\\x23-\\x7e]*"'
const tags = new RegExp(`^${tag}(?:[ \\t]*,[ \\t]*${tag})*$`)

/**
 * What the request's `If-Match` wants the entry to be at; undefined when it has none. Tags that are not ours, and weak ones,
 * match nothing.
 *
 * @throws Problem 400 when the header is malformed
 */
export function expectedVersions(request: FastifyRequest): Expected | undefined {
  const text = request.headers['if-match']?.trim()
  if (text === undefined) return undefined
  if (text === '*') return 'any'
  if (!tags.test(text)) {
    const detail = 'Send If-Match as the ETag of the entry with its quotes, such as "3", or *.'
    throw new Problem(400, 'if_match', detail, { errors: [{ parameter: 'If-Match', code: 'format', detail }] })
  }
  const versions = Array.from(text.matchAll(/(?<![^\s,])"([1-9]\d{0,9})"/g), ([, digits]) => Number(digits))
  return versions.filter((version) => version <= MAX_ID)
}

/** An edit whose `If-Match` does not fit any more; `detail` says what to read again. */
export function staleProblem(detail: string): Problem {
  return new Problem(412, 'stale', detail, { errors: [{ parameter: 'If-Match', code: 'stale', detail }] })
}
