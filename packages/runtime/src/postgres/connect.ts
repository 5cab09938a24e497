import type { Duplex } from 'node:stream'
import pg from 'pg'
import { DatabaseError } from '../ports/database.ts'

const CONNECT_TIMEOUT_MS = 5000
/** A peer that vanished while nothing is said is noticed by probes, which begin after so long. */
const KEEP_ALIVE_MS = 10_000

/** A connection that the driver has opened: TLS and authentication are done, the socket is ours. */
export interface Link {
  readonly socket: Duplex
  /** Says goodbye to the server and resolves when the socket is closed. */
  goodbye(): Promise<void>
}

/**
 * Connects with the `pg` driver, and then takes the socket over from its parser. The driver waits for the answer to each
 * query before it sends the next, or, in its pipeline mode, puts a Sync after each, so that what follows a failed statement
 * runs all the same. A query object of our own would lose its turn with the first error or ReadyForQuery, and is not told the
 * types of parameters, which arrays and the check of JSON need.
 *
 * @throws DatabaseError the server's own, or 08001 when there is no answer, or 28000 when the client may not connect so
 */
export async function connect(url: string): Promise<Link> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  })
  // A loss is noticed at the socket; an 'error' without a listener would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    client.connection.stream.destroy()
    throw refusal(error)
  }
  const socket = client.connection.stream
  socket.removeAllListeners('data')
  return { socket, goodbye: () => client.end() }
}

function refusal(error: unknown): DatabaseError {
  if (error instanceof pg.DatabaseError)
    return new DatabaseError(error.message, error.code ?? '08001', undefined, { cause: error })
  const said = error instanceof Error && error.message !== '' ? error.message : codeOf(error)
  const reason = /client password must be a/.test(said) ? 'it asks for a password, and the address has none' : said
  if (isUnreachable(error)) {
    return new DatabaseError(`PostgreSQL cannot be reached: ${reason}`, '08001', undefined, { cause: error })
  }
  // No password, no trust in the certificate: it will not go away by trying again.
  return new DatabaseError(`PostgreSQL cannot be connected to: ${reason}`, '28000', undefined, { cause: error })
}

/** An error of the system (ECONNREFUSED, EAI_AGAIN), or what the driver says of a connection that ended or took too long. */
function isUnreachable(error: unknown): boolean {
  if (/^(E[A-Z]+|EAI_[A-Z]+)$/.test(codeOf(error))) return true
  return error instanceof Error && /^(timeout expired|Connection terminated)/.test(error.message)
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error)
}
