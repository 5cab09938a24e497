import { crashPoint } from './crash-points.ts'
import { isFinal, type Leading, lead } from './leading.ts'
import { type LoggedMessage, readLog } from './log.ts'
import type { Broker } from './ports/broker.ts'
import { advance, type Hold, positionsAfter, takeOver } from './positions.ts'
import type { Service } from './service.ts'
import { Trouble } from './trouble.ts'
import { feedMailbox } from './unit-of-work.ts'

/** Messages in one publication, at most. */
const batchLimit = 1_000
/** The periodic scan, for what no signal announced; it also finds what a dead process left. */
const pollMs = 100
/** Rows above the horizon come down when their neighbours commit: look again soon. */
const hiddenMs = 2

/** The position of a mailbox's relay: what it has published stands before it. */
const relayOf = (mailbox: string): string => `${mailbox}/relay`

export interface RelayOptions {
  /** The mailboxes of all services. */
  readonly mailboxes: readonly string[]
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
  readonly #stop = new AbortController()
  readonly #trouble: Trouble
  #leading: Leading | undefined

  constructor(service: Service, broker: Broker, options: RelayOptions) {
    this.#service = service
    this.#broker = broker
    this.#options = options
    this.#trouble = new Trouble(service.name, `${service.name}.relay`, service.ports)
  }

  /** Why nothing is published just now; null when all is well. Orders are taken all the same, up to the backlog's bound. */
  get trouble(): string | null {
    return this.#trouble.text
  }

  /** Takes the relay over as soon as this instance holds its lease; resolves when it has begun, or is in trouble. */
  start(): Promise<void> {
    const { name, ports } = this.#service
    this.#leading = lead(ports.leases, `${name}.relay`, this.#stop.signal, {
      work: (until, begun) => this.#work(until, begun),
      troubled: (error) => this.#trouble.pause(error, this.#stop.signal),
      standingBy: () => this.#trouble.over(),
    })
    return this.#leading.begun
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#leading?.ended
  }

  async #work(until: AbortSignal, begun: () => void): Promise<void> {
    const { name, ports } = this.#service
    const { feed } = this.#options
    const mailboxes = [...this.#options.mailboxes, ...(feed === undefined ? [] : [feedMailbox])]
    await this.#broker.prepare([...this.#options.mailboxes, ...(feed === undefined ? [] : [feed])])
    const failed = new AbortController()
    const going = AbortSignal.any([until, failed.signal])
    const disclaim = ports.signals.claim(mailboxes)
    try {
      const carrying = mailboxes.map(async (mailbox) => {
        const hold = await takeOver(ports.database, name, relayOf(mailbox), [name])
        await this.#carry(mailbox, hold, going).finally(() => failed.abort())
      })
      begun()
      const ends = await Promise.allSettled(carrying)
      const end = ends.find((one) => one.status === 'rejected')
      if (end) throw end.reason
    } finally {
      disclaim()
    }
  }

  /** Publishes what a mailbox gets, until the signal. @throws what is final; anything else is tried again */
  async #carry(mailbox: string, hold: Hold, until: AbortSignal): Promise<void> {
    const { name, epoch, ports } = this.#service
    let [after] = hold.at.values()
    let since = 0
    let moved: Promise<void> = Promise.resolve()
    while (!until.aborted && after) {
      try {
        const seen = ports.signals.seen(mailbox)
        const { messages, horizon, hidden } = await readLog(ports.database, name, mailbox, epoch, after, since, batchLimit)
        const last = messages.at(-1)
        crashPoint('relay.afterRead')
        if (last) {
          await this.#publish(mailbox, messages)
          crashPoint('relay.afterPublish')
          await moved
          moved = this.#move(hold, positionsAfter(messages))
          moved.catch(() => {})
          after = { epoch: last.epoch, txid: last.txid, pos: last.pos }
          since = last.created
        } else {
          await moved
          // After an empty read nothing below the horizon is missing: the next scan begins there.
          if (!hidden) after = horizon
        }
        this.#trouble.over()
        if (messages.length < batchLimit) await ports.signals.wait(mailbox, seen, hidden ? hiddenMs : pollMs, until)
      } catch (error) {
        if (isFinal(error)) throw error
        moved = Promise.resolve()
        await this.#trouble.pause(error, until)
      }
    }
    await moved.catch(() => {})
  }

  async #publish(mailbox: string, messages: readonly LoggedMessage[]): Promise<void> {
    const { feed } = this.#options
    const targets = [...(mailbox === feedMailbox ? [] : [mailbox]), ...(feed === undefined ? [] : [feed])]
    await Promise.all(targets.map((target) => this.#broker.publish(target, messages)))
  }

  /** Without waiting for the disk: a position that a crash forgets only lets messages be published again. */
  async #move(hold: Hold, to: ReturnType<typeof positionsAfter>): Promise<void> {
    const { name, ports } = this.#service
    await ports.database.transaction(async (tx) => {
      const relaxed = tx.query('set local synchronous_commit to off')
      relaxed.catch(() => {})
      await advance(tx, name, hold, to)
    })
  }
}
