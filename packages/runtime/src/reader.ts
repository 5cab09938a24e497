import { firstOfEachKey, type Inlet } from './inlet.ts'
import { type LoggedMessage, type Position, readLog } from './log.ts'
import type { Transaction } from './ports/database.ts'
import { advance, type Hold, positionsAfter } from './positions.ts'
import type { Service } from './service.ts'

/**
 * Reads one mailbox from the logs of several services, in the order of each log, and keeps what was read but not yet
 * handled. The positions in the database move with the transactions that handle the messages; this reader's own cursor
 * runs ahead of them.
 */
export class Reader implements Inlet {
  readonly #service: Service
  readonly #mailbox: string
  readonly #hold: Hold
  readonly #cursor: Map<string, Position>
  /** When the newest message of each source that was read had been written; 0 before the first. */
  readonly #since = new Map<string, number>()
  #buffer: LoggedMessage[] = []
  /** Signals sent before the last read. */
  #signalled = 0

  constructor(service: Service, mailbox: string, hold: Hold) {
    this.#service = service
    this.#mailbox = mailbox
    this.#hold = hold
    this.#cursor = new Map(hold.at)
  }

  /** Messages read and not yet handled, oldest first per source. */
  get pending(): readonly LoggedMessage[] {
    return this.#buffer
  }

  /** Reads on when fewer than `enough` messages wait. Answers whether rows exist that are still above the horizon. */
  async poll(limit: number, enough = 1): Promise<boolean> {
    if (this.#buffer.length >= enough) return false
    const { ports, epoch } = this.#service
    this.#signalled = ports.signals.seen(this.#mailbox)
    const polls = await Promise.all(
      [...this.#cursor].map(async ([source, after]) => ({
        source,
        poll: await readLog(ports.database, source, this.#mailbox, epoch, after, this.#since.get(source) ?? 0, limit),
      })),
    )
    for (const { source, poll } of polls) {
      this.#buffer.push(...poll.messages)
      const last = poll.messages.at(-1)
      // After an empty read nothing below the horizon is missing: the next scan begins there.
      if (last) this.#since.set(source, last.created)
      else if (!poll.hidden) this.#cursor.set(source, poll.horizon)
    }
    for (const [source, position] of positionsAfter(this.#buffer)) this.#cursor.set(source, position)
    return polls.some(({ poll }) => poll.hidden)
  }

  next(limit: number): readonly LoggedMessage[] {
    return firstOfEachKey(this.#buffer, limit)
  }

  /** Moves the positions past these messages. @throws FencedError when another has taken over */
  take(tx: Transaction, messages: readonly LoggedMessage[]): Promise<void> {
    return advance(tx, this.#service.name, this.#hold, positionsAfter(messages))
  }

  /** The first `count` messages are handled. */
  drop(count: number): void {
    this.#buffer = this.#buffer.slice(count)
  }

  wait(ms: number, abort: AbortSignal): Promise<void> {
    return this.#service.ports.signals.wait(this.#mailbox, this.#signalled, ms, abort)
  }
}
