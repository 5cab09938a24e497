import { grouped } from '../grouped.ts'
import type { Transaction } from '../ports/database.ts'
import { type Service, saidSignal } from '../service.ts'
import { firstOfEachKey, type Inlet } from './inlet.ts'
import type { LoggedMessage, Position } from './log.ts'
import { inOrder, LogCursor } from './log-cursor.ts'
import { advance, advanceAlone, type Hold } from './positions.ts'

/** All logs are read this often, for what no signal announced. In milliseconds. */
const readAllMs = 100

/**
 * Reads one mailbox from the logs of several services, and keeps what was read but not yet handled, in the order of each
 * log. The positions in the database move with the transactions that handle the messages, up to the first that is still to
 * come or to be handled; this reader's own cursors run ahead of them.
 */
export class Reader implements Inlet {
  readonly #service: Service
  readonly #mailbox: string
  readonly #hold: Hold
  #cursors: ReadonlyMap<string, LogCursor>
  /** Of each source, the last message in the order of its log that was handled. */
  readonly #handled = new Map<string, Position>()
  #buffer: LoggedMessage[] = []
  /** The positions that were last asked for. */
  #taken: ReadonlyMap<string, Position> = new Map()
  /** Signals sent before the last read. */
  #signalled = 0
  /** Of each source, how often it had said something when its log was last read to its end; without it, more may be there. */
  readonly #heard = new Map<string, number>()
  /** When all logs were read last. */
  #allRead = Number.NEGATIVE_INFINITY

  constructor(service: Service, mailbox: string, hold: Hold) {
    this.#service = service
    this.#mailbox = mailbox
    this.#hold = hold
    this.#cursors = new Map([...hold.at].map(([source, after]) => [source, new LogCursor(source, mailbox, service.epoch, after)]))
  }

  get pending(): readonly LoggedMessage[] {
    return this.#buffer
  }

  async poll(limit: number, enough = 1): Promise<void> {
    if (this.#buffer.length >= enough) return
    const { signals } = this.#service.ports
    this.#signalled = signals.seen(this.#mailbox)
    const reads = await Promise.allSettled(this.#due().map(([source, cursor]) => this.#read(source, cursor, limit)))
    // A cursor that has read does not read that again: kept, whatever became of the others.
    const read = reads.flatMap((one) => (one.status === 'fulfilled' && one.value.length > 0 ? [one.value] : []))
    const [first = [], ...others] = read
    if (this.#buffer.length + others.length === 0) this.#buffer = first
    else this.#buffer = sorted([...this.#buffer, ...first, ...others.flat()])
    const failure = reads.find((one) => one.status === 'rejected')
    if (failure) throw failure.reason
    if (this.#buffer.length === 0) await this.#catchUp()
  }

  next(limit: number): readonly LoggedMessage[] {
    return firstOfEachKey(this.#buffer, limit)
  }

  take(tx: Transaction, messages: readonly LoggedMessage[]): Promise<void> {
    return advance(tx, this.#service.name, this.#hold, this.positionsAfter(messages))
  }

  /** Where each source of these messages, the first of `pending`, stands when they are handled. */
  positionsAfter(messages: readonly LoggedMessage[]): ReadonlyMap<string, Position> {
    const rest = new Map<string, LoggedMessage>()
    for (const message of this.#buffer.slice(messages.length)) {
      const first = rest.get(message.source)
      if (!first || inOrder(message, first) < 0) rest.set(message.source, message)
    }
    const positions = this.#lastOf(messages)
    for (const [source, last] of positions) {
      const first = rest.get(source)
      positions.set(source, least(last, this.#lowOf(source), first && { ...positionOf(first), pos: first.pos - 1 }))
    }
    this.#taken = positions
    return positions
  }

  drop(count: number): void {
    for (const [source, last] of this.#lastOf(this.#buffer.slice(0, count))) this.#handled.set(source, last)
    this.#buffer = this.#buffer.slice(count)
    for (const [source, position] of this.#taken) this.#hold.at.set(source, position)
  }

  /** Transaction ids that were given and not written may be given again: only what is stored is a safe place to go on from. */
  rewind(): void {
    this.#buffer = []
    this.#cursors = this.#atStored()
    this.#heard.clear()
  }

  wait(ms: number, abort: AbortSignal): Promise<void> {
    return this.#service.ports.signals.wait(this.#mailbox, this.#signalled, ms, abort)
  }

  /** Positions that stayed before a transaction under way go on when it has ended, though nothing new has come. */
  async #catchUp(): Promise<void> {
    const behind = new Map<string, Position>()
    for (const [source, handled] of this.#handled) {
      const position = least(handled, this.#lowOf(source))
      const stored = this.#hold.at.get(source)
      if (stored && inOrder(position, stored) > 0) behind.set(source, position)
    }
    if (behind.size === 0) return
    const { name, ports } = this.#service
    await advanceAlone(ports.database, name, this.#hold, behind)
    for (const [source, position] of behind) this.#hold.at.set(source, position)
  }

  /** The logs that may hold something new: an idle one costs as much to read as a busy one. A single one is always read. */
  #due(): (readonly [string, LogCursor])[] {
    if (this.#cursors.size === 1) return [...this.#cursors]
    const { signals } = this.#service.ports
    const now = performance.now()
    const isAllDue = now - this.#allRead >= readAllMs
    if (isAllDue) this.#allRead = now
    const said = (source: string) => signals.seen(saidSignal(this.#mailbox, source))
    return [...this.#cursors].filter(([source]) => isAllDue || this.#heard.get(source) !== said(source))
  }

  async #read(source: string, cursor: LogCursor, limit: number): Promise<LoggedMessage[]> {
    const { signals, database } = this.#service.ports
    const said = signals.seen(saidSignal(this.#mailbox, source))
    this.#heard.delete(source)
    const read = await cursor.read(database, limit)
    if (cursor.isAtEnd) this.#heard.set(source, said)
    return read
  }

  #atStored(): ReadonlyMap<string, LogCursor> {
    const { epoch } = this.#service
    return new Map([...this.#hold.at].map(([source, after]) => [source, new LogCursor(source, this.#mailbox, epoch, after)]))
  }

  #lowOf(source: string): Position | undefined {
    return this.#cursors.get(source)?.low
  }

  /** The last of these, or of those handled before, by source. */
  #lastOf(messages: readonly LoggedMessage[]): Map<string, Position> {
    const last = new Map<string, Position>()
    for (const message of messages) {
      const known = last.get(message.source) ?? this.#handled.get(message.source)
      last.set(message.source, known && inOrder(message, known) < 0 ? known : positionOf(message))
    }
    return last
  }
}

const positionOf = ({ epoch, txid, pos }: Position): Position => ({ epoch, txid, pos })

const least = (first: Position, ...others: readonly (Position | undefined)[]): Position =>
  others.reduce<Position>((low, other) => (other && inOrder(other, low) < 0 ? other : low), first)

/** Each source in the order of its log. */
function sorted(messages: readonly LoggedMessage[]): LoggedMessage[] {
  const bySource = grouped(messages, ({ source }) => source)
  return [...bySource.values()].flatMap((of) => of.sort(inOrder))
}
