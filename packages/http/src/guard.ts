import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import type { KnownMethods } from './methods.ts'
import { Problem } from './problem.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

/** Longest request target in characters: 414 above. */
export const MAX_URL_LENGTH = 8 * 1024
/** Most header lines, and most characters in them: 431 above. */
const MAX_HEADERS = 100
const MAX_HEADERS_LENGTH = 16 * 1024

const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i
const NOT_ASCII = /[^\t\x20-\x7e]/
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i

/**
 * The first hook of every request: sets the security headers, then refuses what no route should ever see. What it refuses
 * has had no body read and no effect.
 */
export function guard(allowedHosts: 'loopback' | 'any', methods: KnownMethods): onRequestHookHandler {
  return (request, reply, done) => {
    reply.headers(SECURITY_HEADERS)
    checkSize(request)
    checkHost(request, allowedHosts)
    if (request.is404) throw methods.problem(request.method, request.url)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      checkOrigin(request, allowedHosts)
      checkMediaType(request)
    }
    done()
  }
}

function checkSize({ raw }: FastifyRequest): void {
  if ((raw.url ?? '').length > MAX_URL_LENGTH) {
    throw new Problem(414, 'url_too_long', `Shorten the URL to ${MAX_URL_LENGTH} characters.`)
  }
  let length = 0
  for (const text of raw.rawHeaders) {
    length += text.length
    if (NOT_ASCII.test(text)) throw new Problem(400, 'malformed_header', 'Send ASCII characters only in headers.')
  }
  if (raw.rawHeaders.length > 2 * MAX_HEADERS || length > MAX_HEADERS_LENGTH) {
    throw new Problem(431, 'headers_too_large', `Send at most ${MAX_HEADERS} headers, ${MAX_HEADERS_LENGTH} characters in all.`)
  }
}

function checkHost(request: FastifyRequest, allowedHosts: 'loopback' | 'any'): void {
  const [host, second] = headerValues(request, 'host')
  if (host === undefined || second !== undefined) throw new Problem(400, 'host', 'Send exactly one Host header.')
  if (allowedHosts === 'loopback' && !LOOPBACK_HOST.test(host)) {
    // A name that an attacker's DNS points to 127.0.0.1 makes a browser send its page's requests here.
    throw new Problem(421, 'misdirected', 'This server answers on loopback only. Call it as localhost, 127.0.0.1 or [::1].')
  }
}

function checkOrigin({ headers }: FastifyRequest, allowedHosts: 'loopback' | 'any'): void {
  const foreign = allowedHosts === 'loopback' && headers.origin !== undefined && headers.origin !== `http://${headers.host}`
  if (foreign || headers['sec-fetch-site'] === 'cross-site') {
    throw new Problem(
      403,
      'cross_site',
      'A page of another site may not change anything here. Send the request from its own page.',
    )
  }
}

function checkMediaType({ headers }: FastifyRequest): void {
  if (headers['content-encoding'] !== undefined) {
    const accepted = { headers: { 'accept-encoding': 'identity' } }
    throw new Problem(415, 'unsupported_encoding', 'Send the body as it is, without Content-Encoding.', accepted)
  }
  const type = headers['content-type']
  if (type === 'application/json') return
  if (type === undefined) {
    if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) return
  } else {
    const charset = CHARSET.exec(type)?.[1] ?? 'utf-8'
    if (/^application\/json\s*(?:;|$)/i.test(type) && /^utf-?8$/i.test(charset)) return
  }
  throw new Problem(415, 'unsupported_media_type', 'Send the body as application/json in UTF-8.')
}

/** All values of a header as they were sent: Node drops or joins the second of most headers. */
export function headerValues({ raw }: FastifyRequest, name: string): string[] {
  const values: string[] = []
  for (let index = 0; index < raw.rawHeaders.length; index += 2) {
    if (raw.rawHeaders[index]?.toLowerCase() === name) values.push(raw.rawHeaders[index + 1] ?? '')
  }
  return values
}
