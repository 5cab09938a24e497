import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Answer } from './client.ts'
import { within } from './wait.ts'

/**
 * Writes bytes to a new connection and reads until the server closes it: for what no HTTP client sends. The text is sent
 * as Latin-1, one byte a character.
 *
 * @param andThen what to do with the connection once the text is written
 */
export async function exchange(url: string, text: string, andThen?: (socket: Socket) => void): Promise<Answer> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  // A server that refuses may close while the rest of the text is still being sent; what it answered counts.
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  socket.write(text, 'latin1')
  andThen?.(socket)
  try {
    await within('the end of the connection', closed)
  } finally {
    socket.destroy()
  }
  return parseAnswer(Buffer.concat(chunks).toString())
}

/** The head of a request that closes its connection. `headers`: further lines, each with its CRLF. */
export const head = (method: string, target: string, headers = ''): string =>
  `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`

function parseAnswer(text: string): Answer {
  const [top = '', body = ''] = text.split(/\r\n\r\n(.*)/s)
  const [line = '', ...lines] = top.split('\r\n')
  const headers = new Headers(lines.map((header) => header.split(/:\s*(.*)/s).slice(0, 2) as [string, string]))
  const whole = headers.get('transfer-encoding') === 'chunked' ? unchunked(body) : body
  return { status: Number(line.split(' ')[1]), headers, text: whole, json: <T>() => JSON.parse(whole) as T }
}

function unchunked(body: string): string {
  const bytes = Buffer.from(body)
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.subarray(at, end).toString(), 16)
    if (end === -1 || !(size > 0)) return Buffer.concat(parts).toString()
    parts.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}
