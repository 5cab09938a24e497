import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionError } from 'fastify'
import { MAX_URL_LENGTH } from './guard.ts'
import type { KnownMethods } from './methods.ts'
import { Problem } from './problem.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

/** How long a refused client may go on sending, in ms. Closing at once would reset the connection and lose the answer. */
const LINGER = 2_000
/** Longest method name looked at: an error further into a packet is not about the request line that begins it. */
const LONGEST_METHOD = 32

/**
 * Answers what the HTTP parser refuses, before there is a request, with a problem, and closes the connection.
 *
 * @param responses the latest response of each connection: when its request had arrived completely, it goes out first, for
 * what the client sent behind that request must not make it look refused
 */
export function clientErrorHandler(
  methods: KnownMethods,
  responses: WeakMap<Socket, ServerResponse>,
): (error: ConnectionError, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET') socket.destroy()
    const response = responses.get(socket)
    if (response?.req.complete && !response.writableFinished) response.once('finish', () => refuse(socket, error, methods))
    else refuse(socket, error, methods)
  }
}

function refuse(socket: Socket, error: ConnectionError, methods: KnownMethods): void {
  // Not writable: it was answered before, and this error is about what the client went on sending.
  if (!socket.writable) return
  const problem = problemOf(error, methods)
  const body = problem.toJson('')
  const headers = {
    ...SECURITY_HEADERS,
    ...problem.headers,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`)
  const linger = setTimeout(() => socket.destroy(), LINGER)
  socket.once('close', () => clearTimeout(linger))
}

function problemOf(error: ConnectionError, methods: KnownMethods): Problem {
  // Fastify's type says otherwise, but Node hands over the bytes themselves.
  const { rawPacket } = error as unknown as { rawPacket?: Uint8Array }
  const packet = Buffer.from(rawPacket ?? []).toString('latin1')
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem(408, 'request_timeout', 'The request did not arrive in time. Send it again, faster.')
    case 'HPE_HEADER_OVERFLOW':
      return new RegExp(`^[A-Z]+ \\S{${MAX_URL_LENGTH}}`).test(packet)
        ? new Problem(414, 'url_too_long', `Shorten the URL to ${MAX_URL_LENGTH} characters.`)
        : new Problem(431, 'headers_too_large', 'Send fewer or shorter headers.')
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Problem(413, 'body_too_large', 'Send chunks without extensions.')
    case 'HPE_INVALID_METHOD': {
      const [, method, url] = /^([A-Z]+) (\/\S*) HTTP\/1\.[01]\r\n/.exec(packet) ?? []
      if (method !== undefined && url !== undefined && error.bytesParsed <= LONGEST_METHOD) return methods.problem(method, url)
    }
  }
  return new Problem(400, 'malformed_request', 'This is not a valid HTTP request. Correct its request line and headers.')
}
