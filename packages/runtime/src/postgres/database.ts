import { type Database, DatabaseError, type Row, type Transaction, type Value } from '../ports/database.ts'
import { Catalog } from './catalog.ts'
import { connect } from './connect.ts'
import { Pool } from './pool.ts'
import { runAll, runScript } from './script.ts'
import { Session } from './session.ts'
import { settingsOf } from './settings.ts'
import { SingleQueries } from './single-queries.ts'
import { runTransaction } from './transaction.ts'
import { Underway } from './underway.ts'

export interface PostgresOptions {
  /**
   * `postgres://user:password@host:port/database`, of a server of version 13 or newer. A pooler on the way must keep sessions
   * together: statements are prepared by name.
   */
  readonly url: string
  /** What the server calls these connections (`application_name`). */
  readonly application: string
  /** The most connections at once, and so the most transactions. Default: 10. */
  readonly connections?: number
  /** Told of each connection that could not be opened, or broke, also while nobody used it. */
  readonly onTrouble?: (error: DatabaseError) => void
}

/**
 * Connects to a PostgreSQL server. The first connection is opened at once, so that a wrong address shows here.
 *
 * @throws DatabaseError 08001 when the server does not answer, or its own (28P01 wrong password, 3D000 no such database)
 */
export async function openPostgres(options: PostgresOptions): Promise<PostgresDatabase> {
  const { connections = 10 } = options
  if (!Number.isInteger(connections) || connections < 1)
    throw new RangeError(`connections is ${connections}, but must be 1 or more`)
  const database = new PostgresDatabase(options)
  await database.query('select 1')
  return database
}

/**
 * The Database port on a PostgreSQL server. Transactions run side by side, each on a connection of its own. Statements are
 * sent at the end of the turn in which they are issued; their values must not be changed before that.
 */
export class PostgresDatabase implements Database {
  readonly #application: string
  readonly #pool: Pool
  readonly #underway = new Underway()
  readonly #single: SingleQueries
  #closing: Promise<void> | undefined

  constructor({ url, application, connections = 10, onTrouble = () => {} }: PostgresOptions) {
    this.#application = application
    const catalog = new Catalog()
    const open = async (onLost: () => void) => {
      try {
        return await openSession(url, application, catalog, (error) => {
          onLost()
          onTrouble(error)
        })
      } catch (error) {
        if (error instanceof DatabaseError) onTrouble(error)
        throw error
      }
    }
    this.#pool = new Pool(connections, open)
    this.#single = new SingleQueries(this.#pool, this.#underway)
  }

  async query<R = Row>(text: string, values: readonly Value[] = []): Promise<R[]> {
    this.#refuseWhenClosed()
    return this.#single.query<R>(text, values)
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    this.#refuseWhenClosed()
    return this.#with((session) => runTransaction(session, work))
  }

  async script(text: string): Promise<void> {
    this.#refuseWhenClosed()
    return this.#with((session) => runScript(session, text, this.#application))
  }

  /** Waits for what is under way, then closes; every later call rejects with 57P01. */
  close(): Promise<void> {
    this.#closing ??= this.#underway.none().then(() => this.#pool.close())
    return this.#closing
  }

  #with<T>(task: (session: Session) => Promise<T>): Promise<T> {
    return this.#underway.run(async () => {
      const session = await this.#pool.acquire()
      try {
        return await task(session)
      } finally {
        this.#pool.release(session)
      }
    })
  }

  #refuseWhenClosed(): void {
    if (this.#closing) throw new DatabaseError('the database is closed', '57P01')
  }
}

async function openSession(
  url: string,
  application: string,
  catalog: Catalog,
  onLost: (error: DatabaseError) => void,
): Promise<Session> {
  let opened = false
  const session = new Session(await connect(url), catalog, (error) => opened && onLost(error))
  const failure = await runAll(session, [settingsOf(application)])
  if (failure) {
    session.lose(failure)
    throw failure
  }
  opened = true
  return session
}
