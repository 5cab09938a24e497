import type { FastifyRequest } from 'fastify'

/** What the client prefers (RFC 7240). */
export interface Preference {
  /** Seconds that the client is ready to wait for the end, 0 to 30. */
  readonly wait?: number
  /** Whether the client wants 202 and a status URL rather than to wait. */
  readonly respondAsync: boolean
}

/** Longest wait in seconds; a longer wish is cut to it. */
const LONGEST_WAIT = 30
/** A longer header is ignored: nobody means it, and splitting it would cost more than it is worth. */
const LONGEST_HEADER = 256

/** The request's `Prefer` header. What is malformed or unknown is ignored, as the RFC asks; of repeated ones the first holds. */
export function preference(request: FastifyRequest): Preference {
  const header = [request.headers.prefer ?? []].flat().join(',')
  const found = new Map<string, string>()
  for (const part of header.length > LONGEST_HEADER ? [] : (header.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [])) {
    const [, name, quoted, token] = /^\s*([\w-]+)\s*(?:=\s*(?:"([^"\\]*)"|([^\s;"]*))\s*)?(?:;.*)?$/.exec(part) ?? []
    const key = name?.toLowerCase()
    if (key !== undefined && !found.has(key)) found.set(key, quoted ?? token ?? '')
  }
  const wait = found.get('wait') ?? ''
  const respondAsync = found.get('respond-async') === ''
  return /^\d{1,9}$/.test(wait) ? { wait: Math.min(Number(wait), LONGEST_WAIT), respondAsync } : { respondAsync }
}
