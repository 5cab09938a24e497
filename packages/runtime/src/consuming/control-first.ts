import type { Inlet } from '../log/inlet.ts'
import type { LoggedMessage } from '../log/log.ts'
import type { Transaction } from '../ports/database.ts'

/**
 * A service's control mailbox and its normal one as one inlet: what settles and undoes goes before what waits to be done, so
 * that after an outage a settle wins against the do that it follows. It is a preference and no order: the protocol needs none.
 */
export class ControlFirst implements Inlet {
  readonly #control: Inlet
  readonly #normal: Inlet
  /** The one that the last messages came from. */
  #from: Inlet
  #heldBack: Promise<void> | undefined

  constructor(control: Inlet, normal: Inlet) {
    this.#control = control
    this.#normal = normal
    this.#from = normal
  }

  get pending(): readonly LoggedMessage[] {
    return [...this.#control.pending, ...this.#normal.pending]
  }

  /** Until this has ended, however it ends, only control messages are handed out. */
  holdBack(until: Promise<unknown>): void {
    const ended: Promise<void> = Promise.allSettled([until]).then(() => {
      if (this.#heldBack === ended) this.#heldBack = undefined
    })
    this.#heldBack = ended
  }

  /** One after the other: what is read of one must not arrive when the other's failure has made both begin anew. */
  async poll(limit: number, enough?: number): Promise<void> {
    await this.#control.poll(limit, enough)
    await this.#normal.poll(limit, enough)
  }

  next(limit: number): readonly LoggedMessage[] {
    const urgent = this.#control.next(limit)
    this.#from = urgent.length > 0 || this.#heldBack ? this.#control : this.#normal
    return this.#from === this.#control ? urgent : this.#normal.next(limit)
  }

  take(tx: Transaction, messages: readonly LoggedMessage[]): Promise<void> {
    return this.#from.take(tx, messages)
  }

  drop(count: number): void {
    this.#from.drop(count)
  }

  rewind(): void {
    this.#control.rewind()
    this.#normal.rewind()
  }

  async wait(ms: number, abort: AbortSignal): Promise<void> {
    const over = new AbortController()
    const end = () => over.abort()
    abort.addEventListener('abort', end)
    if (abort.aborted) end()
    await Promise.race([
      this.#control.wait(ms, over.signal),
      this.#normal.wait(ms, over.signal),
      ...(this.#heldBack ? [this.#heldBack] : []),
    ])
    abort.removeEventListener('abort', end)
    end()
  }
}
