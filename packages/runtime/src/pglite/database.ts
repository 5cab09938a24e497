import { type Database, DatabaseError, type Row, type Transaction, type Value } from '../ports/database.ts'
import { prepareDataFolder } from './data-folder.ts'
import { Engine } from './engine.ts'
import { EventLoop } from './event-loop.ts'
import { Session } from './session.ts'
import { SingleQueries } from './single-queries.ts'
import { runTransaction } from './transaction.ts'
import { Turnstile } from './turnstile.ts'

export interface PgliteOptions {
  /** Where the data are kept, claimed beforehand with `claimFolder`. Default: in memory. */
  readonly folder?: string
  /**
   * Called once, when the WebAssembly instance has broken down. Nothing works any more and every call rejects with 58000:
   * the process should stop, and what it acknowledged is there after a restart.
   */
  readonly onFatal?: (error: DatabaseError) => void
}

/** Opens PostgreSQL within this process. A new folder or memory takes seconds, a prepared folder half a second. */
export async function openPglite({ folder, onFatal = () => {} }: PgliteOptions = {}): Promise<PgliteDatabase> {
  const engine = await Engine.open(folder === undefined ? undefined : await prepareDataFolder(folder))
  return new PgliteDatabase(new Session(engine, onFatal))
}

/**
 * The Database port on PGlite. There is one session: transactions, scripts and single queries take turns in the order in
 * which they came. Statements are sent at the end of the turn in which they are issued; their values must not be changed
 * before that.
 */
export class PgliteDatabase implements Database {
  readonly #session: Session
  readonly #turnstile = new Turnstile()
  readonly #loop = new EventLoop()
  readonly #single: SingleQueries
  #closing: Promise<void> | undefined

  constructor(session: Session) {
    this.#session = session
    this.#single = new SingleQueries(session, this.#turnstile, this.#loop)
  }

  async query<R = Row>(text: string, values: readonly Value[] = []): Promise<R[]> {
    this.#refuseWhenClosed()
    return this.#single.query<R>(text, values)
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    this.#refuseWhenClosed()
    return this.#turnstile.pass(async () => {
      await this.#loop.breathe()
      return runTransaction(this.#session, this.#loop, work)
    })
  }

  async script(text: string): Promise<void> {
    this.#refuseWhenClosed()
    return this.#turnstile.pass(async () => this.#session.script(text))
  }

  /** Waits for what is under way, then closes; every later call rejects with 57P01. */
  close(): Promise<void> {
    this.#closing ??= this.#turnstile.pass(() => this.#session.close())
    return this.#closing
  }

  #refuseWhenClosed(): void {
    if (this.#closing) throw new DatabaseError('the database is closed', '57P01')
  }
}
