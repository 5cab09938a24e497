import { DatabaseError } from '../ports/database.ts'
import { Output } from '../wire/output.ts'
import { Replies, type Status } from '../wire/replies.ts'
import type { Engine } from './engine.ts'

/**
 * The one connection to the engine: what is sent, the transaction state, and whether the engine can still be trusted.
 *
 * A lost connection stays lost (fail-stop): whatever the engine says afterwards may be wrong.
 */
export class Connection {
  /** What the next exchange sends. */
  readonly output = new Output()
  readonly #engine: Engine
  readonly #onFatal: (error: DatabaseError) => void
  #lost: DatabaseError | undefined
  #status: Status = 'idle'

  constructor(engine: Engine, onFatal: (error: DatabaseError) => void) {
    this.#engine = engine
    this.#onFatal = onFatal
  }

  /** Transaction state after the last exchange. */
  get status(): Status {
    return this.#status
  }

  /**
   * Sends the output and empties it. The answer is valid until the next exchange.
   *
   * @throws DatabaseError 58000 when the connection is, or is thereby, lost
   */
  exchange(): Replies {
    if (this.#lost) throw this.#lost
    try {
      return new Replies(this.#engine.exchange(this.output.written()))
    } catch (error) {
      throw this.lose('it crashed', error)
    } finally {
      this.output.clear()
    }
  }

  /** What the ErrorResponse at hand says; throws instead when it says that the server is gone. */
  errorOf(replies: Replies): DatabaseError {
    const { error, fatal } = replies.error()
    if (fatal) throw this.lose(error.message, error)
    return error
  }

  /** Reads the ReadyForQuery that must be at hand. */
  readStatus(replies: Replies): Status {
    const status = replies.type === 'Z' ? replies.status() : undefined
    if (!status) throw this.unexpected(replies)
    replies.next()
    this.#status = status
    return status
  }

  /** The error for an answer that does not fit what was sent; the connection is lost. */
  unexpected(replies: Replies): DatabaseError {
    return this.lose(replies.type === '' ? 'its answer ended early' : `unexpected message '${replies.type}'`)
  }

  /** Declares the connection lost, and returns what every later call throws. */
  lose(reason: string, cause?: unknown): DatabaseError {
    if (!this.#lost) {
      const message = `the embedded database is lost, the process must be restarted: ${reason}`
      this.#lost = new DatabaseError(message, '58000', undefined, { cause })
      this.#onFatal(this.#lost)
    }
    return this.#lost
  }

  /** Closes the engine; a lost one is left as it is, because closing it could write its broken state to the disk. */
  async close(): Promise<void> {
    if (!this.#lost) await this.#engine.close()
  }
}
