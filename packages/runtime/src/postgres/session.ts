import type { Duplex } from 'node:stream'
import { DatabaseError } from '../ports/database.ts'
import { Output } from '../wire/output.ts'
import { Replies, type Status } from '../wire/replies.ts'
import type { Catalog } from './catalog.ts'
import type { Link } from './connect.ts'
import { Frames } from './frames.ts'
import { Statements } from './statements.ts'

/** So long may the server say nothing for one statement: its statement_timeout, and half as much for the way. */
const SILENCE_MS = 15_000
/** So long may a goodbye take. */
const GOODBYE_MS = 1000

/** What was asked, and waits for the answer. */
export interface Answered {
  /** How many times the longest silence of one statement this may take. */
  readonly patience: number
  /** Reads the answer; when the connection was lost, what there is of it. */
  answer(replies: Replies, lost?: DatabaseError): void
  /** It was never sent, because the connection was lost before. */
  unsent(lost: DatabaseError): void
}

/** One connection to the server: what is sent together, whose answer comes next, and whether it can still be used. */
export class Session {
  /** What the next send takes along. */
  readonly output = new Output()
  readonly statements: Statements
  readonly #link: Link
  readonly #socket: Duplex
  readonly #onLost: (error: DatabaseError) => void
  readonly #frames = new Frames()
  readonly #silence: NodeJS.Timeout
  #unsent: Answered[] = []
  #pending: Answered[] = []
  #silences = 0
  #status: Status = 'idle'
  #lost: DatabaseError | undefined
  #leaving = false

  constructor(link: Link, catalog: Catalog, onLost: (error: DatabaseError) => void) {
    this.#link = link
    this.#socket = link.socket
    this.#onLost = onLost
    this.statements = new Statements(catalog)
    this.#silence = setTimeout(() => this.#heardNothing(), SILENCE_MS).unref()
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.#socket.on('error', (error) => this.lose(error))
    this.#socket.on('close', () => this.lose('the server closed it'))
  }

  /** Transaction state after the last answer. */
  get status(): Status {
    return this.#status
  }

  /** Why the connection cannot be used any more. */
  get lost(): DatabaseError | undefined {
    return this.#lost
  }

  /** Takes note of whose messages were added to the output. */
  expect(answered: Answered): void {
    this.#unsent.push(answered)
  }

  /** Sends the output, as one packet where it fits. */
  send(): void {
    const unsent = this.#unsent
    if (unsent.length === 0) return
    this.#unsent = []
    if (this.#lost) {
      for (const answered of unsent) answered.unsent(this.#lost)
    } else {
      this.#pending.push(...unsent)
      this.#socket.write(Buffer.from(this.output.written()))
      this.#restart()
    }
    this.output.clear()
  }

  /** Reads the ReadyForQuery that must be at hand. */
  readStatus(replies: Replies): Status {
    const status = replies.type === 'Z' ? replies.status() : undefined
    if (!status) throw new Error(`unexpected message '${replies.type}'`)
    this.#status = status
    return status
  }

  /** Gives the connection up. Whoever waits for an answer is told why: the server's last words, if it had any. */
  lose(cause: unknown): void {
    if (this.#lost) return
    const words = this.#frames.unfinished()
    this.#lost = lastWords(words) ?? (cause instanceof DatabaseError ? cause : broken(cause))
    clearTimeout(this.#silence)
    this.#socket.destroy()
    const [first, ...others] = this.#pending.splice(0)
    this.#tell(first, words)
    for (const answered of others) this.#tell(answered, words.subarray(0, 0))
    if (!this.#leaving) this.#onLost(this.#lost)
  }

  /** Says goodbye, and resolves when the connection is closed. */
  async close(): Promise<void> {
    if (this.#lost) return
    this.#leaving = true
    const impatience = setTimeout(() => this.#socket.destroy(), GOODBYE_MS)
    await this.#link.goodbye()
    clearTimeout(impatience)
  }

  #receive(chunk: Buffer): void {
    if (this.#lost) return
    try {
      this.#frames.push(chunk, (bytes) => {
        this.#pending[0]?.answer(new Replies(bytes))
        this.#pending.shift()
      })
    } catch (error) {
      this.lose(error)
      return
    }
    if (this.#pending.length > 0) this.#restart()
    else if (lastWords(this.#frames.unfinished())) this.lose('it was ended')
    else this.#frames.clear()
  }

  #tell(answered: Answered | undefined, words: Buffer): void {
    try {
      answered?.answer(new Replies(words), this.#lost)
    } catch {
      // The answer made no sense, which is why the connection was given up.
      if (this.#lost) answered?.answer(new Replies(words.subarray(0, 0)), this.#lost)
    }
  }

  #restart(): void {
    this.#silences = 0
    this.#silence.refresh()
  }

  #heardNothing(): void {
    const [waiting] = this.#pending
    if (!waiting) return
    this.#silences += 1
    if (this.#silences > waiting.patience) this.lose('the server does not answer')
    else this.#silence.refresh()
  }
}

function broken(cause: unknown): DatabaseError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new DatabaseError(`the connection to PostgreSQL is lost: ${reason}`, '08006', undefined, { cause })
}

/** The error with which the server ended the connection, if it did. */
function lastWords(bytes: Buffer): DatabaseError | undefined {
  for (const replies = new Replies(bytes); replies.type !== ''; replies.next()) {
    if (replies.type !== 'E') continue
    const { error, fatal } = replies.error()
    if (fatal) return error
  }
  return undefined
}
