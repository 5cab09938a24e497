import type { Inlet } from '../log/inlet.ts'
import type { LoggedMessage } from '../log/log.ts'
import { FencedError } from '../log/positions.ts'
import type { Service } from '../service.ts'
import { systemIds } from '../system.ts'
import { eventually } from './eventually.ts'
import type { InletMailbox, InletWay, OpenInlet } from './inlet-ways.ts'

const ids = systemIds()
export const deadlineMs = 30_000
/** So many are read at once: few, so that reading goes on from where it ended. */
export const page = 9
const batchLimit = 7

/** Of each key, the numbers of its messages in their order. */
export type ByKey = ReadonlyMap<string, readonly number[]>

export const newKeys = (count: number): string[] => Array.from({ length: count }, () => ids.uuid())
const numberOf = (message: LoggedMessage): number => JSON.parse(message.body).n

export function byKey(messages: readonly LoggedMessage[]): ByKey {
  const numbers = new Map<string, number[]>()
  for (const message of messages) numbers.set(message.key, [...(numbers.get(message.key) ?? []), numberOf(message)])
  return numbers
}

/** Each message where it came first. */
export function firstComings(messages: readonly LoggedMessage[]): LoggedMessage[] {
  const seen = new Set<number>()
  return messages.filter((message) => !seen.has(numberOf(message)) && seen.add(numberOf(message)))
}

/** Reads until so many wait. */
export const readUntil = (inlet: Inlet, count: number): Promise<void> =>
  eventually(async () => {
    await inlet.poll(page, count)
    return inlet.pending.length >= count
  }, deadlineMs)

/** A mailbox of one test: what was said to it, numbered, and what was handled. A key is one sender's, who says it in order. */
export class Mail {
  readonly name: string
  readonly handled: LoggedMessage[] = []
  readonly #way: InletWay
  readonly #mailbox: InletMailbox
  readonly #opened: OpenInlet[] = []
  readonly #said = new Map<string, number[]>()
  readonly #senderOf = new Map<string, Service>()
  readonly #handledBy = new Map<OpenInlet, number>()
  #count = 0

  private constructor(name: string, way: InletWay, mailbox: InletMailbox) {
    this.name = name
    this.#way = way
    this.#mailbox = mailbox
  }

  static async create(way: InletWay, name = `inlet-${ids.uuid()}`): Promise<Mail> {
    return new Mail(name, way, await way.mailbox(name))
  }

  async open(): Promise<OpenInlet> {
    const opened = await this.#mailbox.open()
    this.#opened.push(opened)
    return opened
  }

  async close(): Promise<void> {
    for (const opened of this.#opened) await opened.close()
    await this.#mailbox.close()
  }

  get senders(): InletWay['senders'] {
    return this.#way.senders
  }

  /** What was said of each key. */
  get said(): ByKey {
    return this.#said
  }

  /** What was said and not handled. */
  get left(): ByKey {
    const handled = new Set(this.handled.map(numberOf))
    return new Map([...this.#said].map(([key, numbers]) => [key, numbers.filter((number) => !handled.has(number))]))
  }

  handledBy(opened: OpenInlet): number {
    return this.#handledBy.get(opened) ?? 0
  }

  get isHandled(): boolean {
    return [...this.left.values()].every((numbers) => numbers.length === 0)
  }

  /** Says messages in one transaction. @param before its end, when it has an id already */
  async say(sender: Service, keys: readonly string[], before: () => Promise<unknown> = async () => {}): Promise<void> {
    const numbered = keys.map((key) => ({ key, n: ++this.#count }))
    await sender.transaction(async (unit) => {
      for (const { key, n } of numbered) unit.publish({ to: this.name, type: 'Said', key, data: { n } })
      await unit.query('select pg_current_xact_id()')
      await before()
    })
    for (const { key, n } of numbered) {
      this.#said.set(key, [...(this.#said.get(key) ?? []), n])
      this.#senderOf.set(key, sender)
    }
  }

  /** Says messages of these keys, in turns, in transactions of a few. A half of the keys is each sender's. */
  async saySome(count: number, keys: readonly string[]): Promise<void> {
    const middle = keys.length >> 1
    for (const [sender, own] of [keys.slice(0, middle), keys.slice(middle)].entries()) {
      const all = Array.from({ length: count / 2 }, (_, index) => own[index % own.length] ?? '')
      for (let at = 0; at < all.length; at += 6) await this.say(this.senders[sender as 0 | 1], all.slice(at, at + 6))
    }
  }

  /** Says one more message of each key. */
  async sayMore(): Promise<void> {
    for (const sender of this.senders)
      await this.say(
        sender,
        [...this.#senderOf].flatMap(([key, by]) => (by === sender ? [key] : [])),
      )
  }

  /** All that is pending when of each key one more message has come: what was to come before that has come by then. */
  async rest(inlet: Inlet): Promise<ByKey> {
    await this.sayMore()
    const last = [...this.#said.values()].map((numbers) => numbers.at(-1))
    await eventually(async () => {
      await inlet.poll(page, Number.POSITIVE_INFINITY)
      const pending = new Set(inlet.pending.map(numberOf))
      return last.every((number) => number !== undefined && pending.has(number))
    }, deadlineMs)
    return byKey(inlet.pending)
  }

  /** Handles messages, the first that are pending, in one transaction. @throws FencedError */
  async handle(opened: OpenInlet, messages: readonly LoggedMessage[]): Promise<void> {
    await this.#way.database.transaction((tx) => opened.inlet.take(tx, messages))
    opened.inlet.drop(messages.length)
    this.handled.push(...messages)
    this.#handledBy.set(opened, this.handledBy(opened) + messages.length)
  }

  /** Handles the first so many that are pending, in batches as a consumer takes them. */
  async handleSome(opened: OpenInlet, count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const batch = opened.inlet.next(Math.min(left, batchLimit))
      if (batch.length === 0) throw new Error(`nothing is next, though ${left} more are to be handled`)
      await this.handle(opened, batch)
      left -= batch.length
    }
  }

  /** Handles what comes to these inlets until the condition holds. Answers those that were fenced, and stopped by that. */
  async handleAll(opened: readonly OpenInlet[], until: () => boolean | Promise<boolean>): Promise<OpenInlet[]> {
    const fenced: OpenInlet[] = []
    await eventually(async () => {
      for (const one of opened.filter((other) => !fenced.includes(other))) {
        try {
          await one.inlet.poll(page)
          const batch = one.inlet.next(batchLimit)
          if (batch.length > 0) await this.handle(one, batch)
        } catch (error) {
          if (!(error instanceof FencedError)) throw error
          fenced.push(one)
        }
      }
      return until()
    }, deadlineMs)
    return fenced
  }

  /** Takes messages in a transaction that rolls back. */
  async takeInVain({ inlet }: OpenInlet, messages: readonly LoggedMessage[]): Promise<void> {
    const rollback = new Error('in vain')
    const attempt = this.#way.database.transaction(async (tx) => {
      await inlet.take(tx, messages)
      throw rollback
    })
    await attempt.catch((error: unknown) => {
      if (error !== rollback) throw error
    })
  }
}
