import { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import type { Signals } from '../ports/signals.ts'
import { localSignals } from './local-signals.ts'

export interface NotifySignalsOptions {
  /** A connection of its own to one server: a pool of transactions, such as PgBouncer's, forgets who listens. */
  readonly url: string
  /** The same for everybody who is to be woken. 63 bytes at most. */
  readonly channel?: string
}

/** A connection without news is asked this often whether it still lives, and given up after that long without an answer. */
const heartbeatMs = 5_000
const silenceMs = 1_000
const connectMs = 5_000
const longestRetryMs = 2_000

/**
 * Signals between processes by LISTEN and NOTIFY, on one connection of its own. A lost connection loses only wake-ups: it is
 * made again for as long as it takes, and then everybody here is woken once.
 *
 * A notification is a statement of its own, after the commit of what it announces: inside that transaction it would take a
 * lock of the whole server at its commit, so that all commits queue up behind each other's flush to disk.
 */
export function notifySignals(options: NotifySignalsOptions): Signals & { close(): Promise<void> } {
  const notifications = new Notifications(options)
  const { send, claim, seen, wait } = notifications.local
  return { send, claim, seen, wait, close: () => notifications.close() }
}

class Notifications {
  readonly local = localSignals(async (message) => this.#client?.query('select pg_notify($1, $2)', [this.#channel, message]))
  readonly #url: string
  readonly #channel: string
  readonly #closing = new AbortController()
  readonly #loop: Promise<void>
  #client: Client | undefined

  constructor({ url, channel = 'comptoir_signals' }: NotifySignalsOptions) {
    this.#url = url
    this.#channel = channel
    this.#loop = this.#run()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    for (let attempts = 1; !signal.aborted; attempts++) {
      const wasListening = await this.#listen(signal)
      if (wasListening) attempts = 1
      const most = Math.min(50 * 2 ** (attempts - 1), longestRetryMs)
      await pause(most * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }

  /** Listens until the connection is lost or closed; whether it came to that. */
  async #listen(signal: AbortSignal): Promise<boolean> {
    const socket = new Socket()
    const client = new Client({
      connectionString: this.#url,
      application_name: 'comptoir signals',
      connectionTimeoutMillis: connectMs,
      query_timeout: silenceMs,
      // Our own, because it must be possible to give up a connection whose server does not even close it.
      stream: () => socket,
    })
    const lost = new AbortController()
    const lose = () => {
      lost.abort()
      socket.destroy()
    }
    client.on('error', lose)
    client.on('end', lose)
    client.on('notification', ({ payload }) => this.local.receive(payload ?? ''))
    signal.addEventListener('abort', lose)
    try {
      await client.connect()
      // Nothing is written that a crash could lose, so no notification waits for the disk with the lock in its hand.
      await client.query('set synchronous_commit to off')
      await client.query(`listen ${client.escapeIdentifier(this.#channel)}`)
      this.#client = client
      this.local.wakeAll()
      while (!lost.signal.aborted) {
        await pause(heartbeatMs, undefined, { signal: lost.signal, ref: false })
        await client.query('select')
      }
      return true
    } catch {
      return this.#client === client
    } finally {
      signal.removeEventListener('abort', lose)
      this.#client = undefined
      lose()
      client.end().catch(() => {})
    }
  }
}
