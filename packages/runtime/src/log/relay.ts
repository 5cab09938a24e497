import { crashPoint } from '../crash-points.ts'
import { Leader } from '../leading/leader.ts'
import { isFinal } from '../leading/leading.ts'
import type { Broker } from '../ports/broker.ts'
import type { Database } from '../ports/database.ts'
import { type Service, saidSignal } from '../service.ts'
import { feedMailbox, mailboxesOf } from '../unit-of-work.ts'
import type { LoggedMessage, Position } from './log.ts'
import { inOrder, LogCursor } from './log-cursor.ts'
import { advanceAlone, type Hold, takeOver } from './positions.ts'

/** Messages in one publication, at most. */
const batchLimit = 1_000
/**
 * The periodic scan, for what no signal announced; it also finds what a dead process left. A mailbox that has got nothing for
 * `quietMs` is looked at less often: each service has a cursor for every mailbox, and most have nothing to carry.
 */
const [busyPollMs, quietPollMs, quietMs] = [100, 1_000, 10_000] as const

/** Whoever cannot publish for so long lets another instance try: perhaps only this one cannot reach the broker. */
const patienceMs = 10_000

/** The position of a mailbox's relay: what it has published stands before it. */
const relayOf = (mailbox: string): string => `${mailbox}/relay`
const relayLease = (service: string): string => `${service}.relay`

export interface RelayOptions {
  /** All services: their mailboxes are carried to. */
  readonly services: readonly string[]
  /** Where all messages of sagas are shown to others; absent: nowhere. It may show one again, late. */
  readonly feed?: string | undefined
}

/**
 * The relay of one service: carries its log to the broker, each mailbox by its own cursor, in the order of the log. Of all
 * instances one does it. The cursor moves after the broker has everything, so that a crash repeats and never loses; what is
 * repeated is found in the inbox.
 */
export class Relay {
  readonly #service: Service
  readonly #broker: Broker
  readonly #options: RelayOptions
  readonly #leader: Leader

  constructor(service: Service, broker: Broker, options: RelayOptions) {
    this.#service = service
    this.#broker = broker
    this.#options = options
    this.#leader = new Leader(service, relayLease(service.name), (until, begun) => this.#work(until, begun))
  }

  /**
   * Moves a service's relay back by so many hours, for a broker that has lost what it acknowledged. The row of its lease is
   * taken from whoever carries now: it notices within a second, and the next holder begins at the positions written here.
   * What is published twice is found in the inbox.
   *
   * @returns how many messages are published again
   */
  static async rewind(database: Database, schema: string, hours: number): Promise<number> {
    // Found before the transaction: while that is open, it hides new messages.
    const firsts = await database.query<Position & { consumer: string; count: number }>(
      `select p.consumer, f.epoch, f.txid, f.pos - 1 as pos, (
         select count(*)::int from ${schema}.log as l
         where l.mailbox = f.mailbox and (l.epoch, l.txid, l.pos) >= (f.epoch, f.txid, f.pos) and (l.epoch, l.txid, l.pos) <= (p.epoch, p.txid, p.pos)
       ) as count
       from ${schema}.position as p cross join lateral (
         select mailbox, epoch, txid, pos from ${schema}.log
         where mailbox = split_part(p.consumer, '/', 1) and created >= comptoir.now() - make_interval(hours => $2::int)
         order by mailbox, epoch, txid, pos
         limit 1
       ) as f
       where p.consumer like '%/relay' and p.source = $1`,
      [schema, hours],
    )
    await database.transaction(async (tx) => {
      // Never forward, which would pass over what was not published yet. The number fences a position under way.
      await tx.query(
        `update ${schema}.position as p set epoch = n.epoch, txid = n.txid, pos = n.pos, lease = p.lease + 1
         from unnest($2::text[], $3::int[], $4::xid8[], $5::bigint[]) as n(consumer, epoch, txid, pos)
         where p.consumer = n.consumer and p.source = $1 and (n.epoch, n.txid, n.pos) < (p.epoch, p.txid, p.pos)`,
        [
          schema,
          firsts.map((first) => first.consumer),
          firsts.map((first) => first.epoch),
          firsts.map((first) => first.txid),
          firsts.map((first) => first.pos),
        ],
      )
      await tx.query(`update ${schema}.lease set holder = '', epoch = epoch + 1, expires = comptoir.now() where name = $1`, [
        relayLease(schema),
      ])
    })
    return firsts.reduce((sum, { count }) => sum + count, 0)
  }

  /** Why nothing is published just now; null when all is well. Orders are taken all the same, up to the backlog's bound. */
  get trouble(): string | null {
    return this.#leader.trouble.text
  }

  /** Takes the relay over as soon as this instance holds its lease; resolves when it has begun, or is in trouble. */
  start(): Promise<void> {
    return this.#leader.start()
  }

  stop(): Promise<void> {
    return this.#leader.stop()
  }

  async #work(until: AbortSignal, begun: () => void): Promise<void> {
    const { name, ports } = this.#service
    const { feed } = this.#options
    const carried = mailboxesOf(this.#options.services)
    const mailboxes = [...carried, ...(feed === undefined ? [] : [feedMailbox])]
    // Before the broker is asked, which may never have been there: by its positions everybody knows how much waits for it.
    const holds = await Promise.all(
      mailboxes.map(async (mailbox) => [mailbox, await takeOver(ports.database, name, relayOf(mailbox), [name])] as const),
    )
    await this.#broker.prepare([...carried, ...(feed === undefined ? [] : [feed])])
    const failed = new AbortController()
    const going = AbortSignal.any([until, failed.signal])
    // Where a broker carries the logs, nobody waits for a mailbox in all of them, and for the feed nobody else.
    const disclaim = ports.signals.claim([...carried, feedMailbox].flatMap((mailbox) => [mailbox, saidSignal(mailbox, name)]))
    try {
      const carrying = holds.map(([mailbox, hold]) => this.#carry(mailbox, hold, going).finally(() => failed.abort()))
      begun()
      const ends = await Promise.allSettled(carrying)
      const end = ends.find((one) => one.status === 'rejected')
      if (end) throw end.reason
    } finally {
      disclaim()
    }
  }

  /** Publishes what a mailbox gets, until the signal. @throws what is final, and what does not end; anything else is tried again */
  async #carry(mailbox: string, hold: Hold, until: AbortSignal): Promise<void> {
    const { name, epoch, ports } = this.#service
    const [after] = hold.at.values()
    if (!after) return
    const startAt = (position: Position) => new LogCursor(name, mailbox, epoch, position)
    let cursor = startAt(after)
    let last = after
    let stored = after
    /** At or before it, everything is published. */
    let safe = after
    let unpublished: readonly LoggedMessage[] = []
    let moved: Promise<void> = Promise.resolve()
    let well = performance.now()
    let busy = well
    const signal = saidSignal(mailbox, name)
    while (!until.aborted) {
      try {
        const seen = ports.signals.seen(signal)
        if (unpublished.length === 0) unpublished = await cursor.read(ports.database, batchLimit)
        const newest = unpublished.at(-1)
        if (newest) crashPoint('relay.afterRead')
        const isFull = unpublished.length >= batchLimit
        await moved
        if (newest) {
          await this.#publish(mailbox, unpublished)
          crashPoint('relay.afterPublish')
          unpublished = []
          last = inOrder(newest, last) > 0 ? newest : last
        }
        // Also without anything new: it stayed before a transaction under way, which has ended.
        safe = inOrder(cursor.low, last) < 0 ? cursor.low : last
        if (inOrder(safe, stored) > 0) {
          stored = safe
          moved = this.#move(hold, safe)
          moved.catch(() => {})
        }
        this.#leader.trouble.over()
        well = performance.now()
        if (newest) busy = well
        if (!isFull) await ports.signals.wait(signal, seen, well - busy < quietMs ? busyPollMs : quietPollMs, until)
      } catch (error) {
        if (isFinal(error) || performance.now() - well > patienceMs) throw error
        moved = Promise.resolve()
        stored = after
        // As a consumer does: the database may have come back without what it had not written.
        cursor = startAt(safe)
        unpublished = []
        await this.#leader.trouble.pause(error, until)
      }
    }
    await moved.catch(() => {})
  }

  async #publish(mailbox: string, messages: readonly LoggedMessage[]): Promise<void> {
    const { feed } = this.#options
    const targets = [...(mailbox === feedMailbox ? [] : [mailbox]), ...(feed === undefined ? [] : [feed])]
    await Promise.all(targets.map((target) => this.#broker.publish(target, messages)))
  }

  /** A position that a crash of the server forgets only lets messages be published again. */
  #move(hold: Hold, { epoch, txid, pos }: Position): Promise<void> {
    const { name, ports } = this.#service
    return advanceAlone(ports.database, name, hold, new Map([[name, { epoch, txid, pos }]]))
  }
}
