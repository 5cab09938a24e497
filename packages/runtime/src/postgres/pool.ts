import type { Session } from './session.ts'

interface Waiter {
  take(session: Session): void
  fail(error: unknown): void
}

/** Opens a connection, and calls back when it is lost. */
export type Open = (onLost: () => void) => Promise<Session>

/** Connections for many: opened when none is idle, kept when given back, replaced when broken. */
export class Pool {
  readonly #most: number
  readonly #open: Open
  /** The one used last is taken first: its memory is warm, and the server's too. */
  readonly #idle: Session[] = []
  readonly #waiting: Waiter[] = []
  readonly #opening = new Set<Promise<void>>()
  #opened = 0
  /** Until the event loop has turned after a loss: what broke one connection has often broken others, not noticed yet. */
  #doubt: Promise<void> | undefined

  constructor(most: number, open: Open) {
    this.#most = most
    this.#open = open
  }

  /**
   * An idle connection, or the next one that is opened or given back.
   *
   * @throws DatabaseError when none can be opened, and none is in use that could be waited for
   */
  acquire(): Session | Promise<Session> {
    if (this.#doubt) return this.#doubt.then(() => this.acquire())
    const idle = this.#idle.pop()
    if (idle) return idle
    const acquired = new Promise<Session>((take, fail) => {
      this.#waiting.push({ take, fail })
    })
    this.#grow()
    return acquired
  }

  release(session: Session): void {
    if (session.status !== 'idle') session.lose(new Error('a transaction was left open'))
    if (!session.lost) {
      this.#hand(session)
      return
    }
    this.#opened -= 1
    this.#grow()
  }

  /** Closes what is idle: everything, once all have given back what they had. */
  async close(): Promise<void> {
    await Promise.all(this.#opening)
    await Promise.all(this.#idle.splice(0).map((session) => session.close()))
  }

  #hand(session: Session): void {
    const next = this.#waiting.shift()
    if (next) next.take(session)
    else this.#idle.push(session)
  }

  #grow(): void {
    while (this.#opening.size < this.#waiting.length && this.#opening.size + this.#opened < this.#most) {
      const opening: Promise<void> = this.#openOne().then((told) => {
        this.#opening.delete(opening)
        told()
      })
      this.#opening.add(opening)
    }
  }

  /** Answers what is to be done once it does not count as opening any more. */
  async #openOne(): Promise<() => void> {
    try {
      const session: Session = await this.#open(() => this.#forget(session))
      return () => {
        this.#opened += 1
        this.#hand(session)
      }
    } catch (error) {
      return () => this.#fail(error)
    }
  }

  /** Whoever can wait for a connection that is in use or on its way does; the server may have no more to give. */
  #fail(error: unknown): void {
    if (this.#opening.size + this.#opened > 0) return
    for (const { fail } of this.#waiting.splice(0)) fail(error)
  }

  /** A connection broke. One that is in use will be given back. */
  #forget(session: Session): void {
    this.#doubt ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#doubt = undefined
    })
    const at = this.#idle.indexOf(session)
    if (at < 0) return
    this.#idle.splice(at, 1)
    this.#opened -= 1
  }
}
