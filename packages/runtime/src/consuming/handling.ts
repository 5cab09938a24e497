import { crashPoint } from '../crash-points.ts'
import { tell } from '../diagnostics.ts'
import type { Inlet } from '../log/inlet.ts'
import type { LoggedMessage } from '../log/log.ts'
import { FencedError } from '../log/positions.ts'
import { isTooSlow, isTransient } from '../ports/database.ts'
import type { Service } from '../service.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { handleBatch } from './batch.ts'
import { backoff, errorText, type Failures, maxAttempts } from './failures.ts'
import { hold } from './held.ts'
import { type HeldKeys, waitsItsTurn } from './held-keys.ts'
import type { Item } from './routing.ts'
import type { Report } from './sends.ts'
import { countStart, finishStart, maxStarts } from './started.ts'

/** How many others are asked whether an outage is one: each costs an attempt while it lasts. */
const othersAsked = 3

/** Handles what an inlet brings, a batch in one transaction, and never stops for a message that cannot be handled. */
export class Handling {
  readonly #service: Service
  readonly #inlet: Inlet
  readonly #held: HeldKeys
  readonly #failures: Failures
  /** Messages still to be handled one by one, because a process died over them. */
  #careful = 0
  /** The one of them in hand, and how often it was started by now. Tried again by this process, it has not killed it. */
  #started: { readonly id: string; readonly starts: number } | undefined

  constructor(service: Service, inlet: Inlet, held: HeldKeys, failures: Failures) {
    this.#service = service
    this.#inlet = inlet
    this.#held = held
    this.#failures = failures
  }

  /** Whether messages are handled one by one. */
  get careful(): boolean {
    return this.#careful > 0
  }

  /** The next so many messages are handled one by one, each start counted (F8): a process died over one of them. */
  beCareful(count: number): void {
    this.#careful += count
  }

  /**
   * Handles the first messages of the inlet; halves the batch by full rollback until a culprit stands alone, and holds that.
   *
   * @throws FencedError; what says nothing about the messages (an outage)
   */
  async handle(batch: readonly LoggedMessage[]): Promise<void> {
    try {
      if (this.careful) await this.#handleCarefully(batch)
      else await this.#commit(batch)
    } catch (error) {
      const [only, ...others] = batch
      const mayBeItsDoing = others.length === 0 && isTooSlow(error)
      if (error instanceof FencedError || (isTransient(error) && !mayBeItsDoing)) throw error
      if (only && others.length === 0) return this.#holdCulprit(only, error)
      const middle = batch.length >> 1
      await this.handle(batch.slice(0, middle))
      await this.handle(batch.slice(middle))
    }
  }

  async #commit(batch: readonly LoggedMessage[], also?: (unit: UnitOfWork) => Promise<void>): Promise<void> {
    try {
      await this.#try(batch, this.#held.likely, also)
    } catch (error) {
      if (!(error instanceof KeysWait)) throw error
      await this.#try(batch, true, also)
    }
  }

  /** @param asksFirst whether it is known which keys wait before anything is claimed */
  async #try(batch: readonly LoggedMessage[], asksFirst: boolean, also?: (unit: UnitOfWork) => Promise<void>): Promise<void> {
    const { name, ports } = this.#service
    const began = ports.clock.now()
    const items = batch.map((message) => this.#service.routing.item(message))
    let sorted: Sorted = { waiting: [], unknown: [], handled: items }
    let report: Report = new Map()
    await this.#service.commit(
      async (unit) => {
        const taken = this.#inlet.take(unit, batch)
        taken.catch(() => {})
        crashPoint('consumer.afterFence')
        const among = this.#held.among(
          unit,
          items.filter(waitsItsTurn).map(({ message }) => message.key),
        )
        const known = !(among instanceof Promise) || asksFirst ? await among : undefined
        sorted = sort(items, known ?? nobody)
        if (sorted.waiting.length > 0) await hold(unit, name, 'parked', messagesOf(sorted.waiting), {})
        if (sorted.unknown.length > 0)
          await hold(unit, name, 'unknown', messagesOf(sorted.unknown), { error: 'no code here knows this declaration' })
        // As nearly always nobody waits: it is asked together with the claims, and heard before any handler begins.
        const free = known ? undefined : Promise.resolve(among).then(nobodyWaits)
        free?.catch(() => {})
        report = await handleBatch(unit, this.#service, sorted.handled, free)
        await also?.(unit)
        await taken
      },
      'consumer.beforeCommit',
      'consumer.afterCommit',
    )
    const { unknown, handled } = sorted
    this.#drop(batch.length)
    this.#failures.succeeded(new Set(handled.map((item) => item.message.type)))
    this.#held.add(unknown.map((item) => item.message.key))
    this.#held.changed(handled.flatMap((item) => (item.kind === 'pause' ? [item.message.key] : [])))
    for (const { message } of unknown) this.#tellHeld(message, 'unknown', 0, `declaration ${message.definition}`)
    for (const item of handled) if (item.kind === 'refused') this.#tellHeld(item.message, 'dead', 0, item.error)
    this.#tellBatch(batch, began, handled, report)
  }

  /** After an unclean stop: one message at a time, each start counted in a transaction of its own (F8). */
  async #handleCarefully(batch: readonly LoggedMessage[]): Promise<void> {
    const { name, ports } = this.#service
    const [message] = batch
    if (!message) return
    const id = startId(message)
    const starts = this.#started?.id === id ? this.#started.starts : await countStart(ports.database, name, id)
    this.#started = { id, starts }
    if (starts > maxStarts)
      await this.#holdCulprit(message, new Error(`the process died ${maxStarts} times over this message`), true)
    else await this.#commit(batch, (unit) => finishStart(unit, name, id))
  }

  /** The first `count` messages are handled or held. */
  #drop(count: number): void {
    this.#inlet.drop(count)
    this.#careful = Math.max(0, this.#careful - count)
    this.#started = undefined
  }

  /** Moves the mailbox past a message that fails alone; its key waits, the others flow. */
  async #holdCulprit(message: LoggedMessage, error: unknown, dead = false): Promise<void> {
    const { name, ports } = this.#service
    if (
      !dead &&
      this.#failures.isOutage(message.type, message.key, error, ports.clock.now()) &&
      !(await this.#othersSucceed(message))
    )
      throw error
    crashPoint('held.beforeHold')
    const text = errorText(error)
    await ports.database.transaction(async (tx) => {
      await this.#inlet.take(tx, [message])
      const chance = { dueInMs: backoff(1, ports.random.next()), attempts: 1 }
      await hold(tx, name, 'retry', [message], { ...(dead ? { dueInMs: 0, attempts: maxAttempts } : chance), error: text })
      if (this.#started) await finishStart(tx, name, this.#started.id)
    })
    crashPoint('held.afterHold')
    this.#drop(1)
    this.#held.add([message.key])
    this.#tellHeld(message, 'retry', 1, text)
  }

  /**
   * Several keys failed alike. If another message that waits here would succeed, they are poison and there is no outage. The
   * newest are asked: poison tends to come side by side.
   */
  async #othersSucceed(culprit: LoggedMessage): Promise<boolean> {
    const { routing } = this.#service
    const others = this.#inlet.pending.filter(
      (message) => message.key !== culprit.key && message.type === culprit.type && !this.#held.has(message.key),
    )
    const rollback = new Error('only tried')
    for (const other of others.slice(-othersAsked)) {
      try {
        await this.#service.commit(
          async (unit) => {
            await handleBatch(unit, this.#service, [routing.item(other)])
            await unit.answered()
            throw rollback
          },
          'consumer.beforeCommit',
          'consumer.afterCommit',
        )
      } catch (error) {
        if (error === rollback) return true
        if (isTooSlow(error)) return false
      }
    }
    return false
  }

  #tellHeld({ type, key }: LoggedMessage, state: 'retry' | 'unknown' | 'dead', attempts: number, error: string): void {
    tell('comptoir:held', () => ({ service: this.#service.name, state, type, key, attempts, error }))
  }

  #tellBatch(batch: readonly LoggedMessage[], began: number, items: readonly Item[], report: Report): void {
    const { name, ports } = this.#service
    const now = ports.clock.now()
    const age = (message: LoggedMessage) => Math.max(0, now - message.created) / 1000
    tell('comptoir:batch', () => ({
      service: name,
      consumer: name,
      messages: batch.length,
      milliseconds: now - began,
      oldest: Math.max(...batch.map(age)),
    }))
    for (const entry of report.values()) {
      tell('comptoir:step', () => ({
        service: name,
        ...entry,
        seconds: items
          .filter(
            (item) =>
              item.kind === 'step' &&
              item.step.name === entry.step &&
              item.saga.name === entry.saga &&
              (item.phase === 'undo') === (entry.phase === 'undo'),
          )
          .map((item) => age(item.message)),
      }))
    }
    for (const { kind, message } of items) {
      const { type, key, source, body: data } = message
      if (kind === 'ignored') tell('comptoir:ignored', () => ({ service: name, type, key, source, data }))
    }
  }
}

const nobody: ReadonlySet<string> = new Set()

/** Messages were claimed that are to wait behind others of their keys: none of it has happened. */
class KeysWait extends Error {}

function nobodyWaits(held: ReadonlySet<string>): void {
  if (held.size > 0) throw new KeysWait('some of the keys wait')
}

interface Sorted {
  /** Behind another message of their key. */
  readonly waiting: readonly Item[]
  readonly unknown: readonly Item[]
  readonly handled: readonly Item[]
}

function sort(items: readonly Item[], held: ReadonlySet<string>): Sorted {
  const waiting = held.size === 0 ? [] : items.filter((item) => held.has(item.message.key) && waitsItsTurn(item))
  const unknown = items.filter((item) => item.kind === 'unknown' && !waiting.includes(item))
  if (waiting.length + unknown.length === 0) return { waiting, unknown, handled: items }
  return { waiting, unknown, handled: items.filter((item) => !waiting.includes(item) && !unknown.includes(item)) }
}

const messagesOf = (items: readonly Item[]) => items.map((item) => item.message)

/** Where a message lies; one that came out of no log is known by what it is. */
const startId = ({ source, epoch, txid, pos, key, type }: LoggedMessage): string =>
  epoch === 0 ? `${key}/${type}` : `${source}/${epoch}/${txid}/${pos}`
