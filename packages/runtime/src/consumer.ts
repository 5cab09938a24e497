import { handleBatch, type Report } from './batch.ts'
import { crashPoint } from './crash-points.ts'
import { tell } from './diagnostics.ts'
import { backoff, errorText, Failures } from './failures.ts'
import { heldKeys, hold, releaseUnknown } from './held.ts'
import { HeldKeys } from './held-keys.ts'
import { isFinal, type Leading, lead } from './leading.ts'
import type { LoggedMessage } from './log.ts'
import { isTransient } from './ports/database.ts'
import { advance, FencedError, type Hold, positionsAfter, releaseHold, takeOver } from './positions.ts'
import { Reader } from './reader.ts'
import type { Item } from './routing.ts'
import type { Service } from './service.ts'
import { countStart, finishStart, maxStarts } from './started.ts'
import { Trouble } from './trouble.ts'
import type { UnitOfWork } from './unit-of-work.ts'

/** Messages in one transaction, at most. */
const batchLimit = 500
/** The periodic scan, for what no signal announced (another process, a process that died after its commit). */
const pollMs = 100
/** Rows above the horizon come down when their neighbours commit: look again soon. */
const hiddenMs = 2
/** How many others are asked whether an outage is one: each costs an attempt while it lasts. */
const othersAsked = 3

/**
 * The consumer of one service's mailbox, on the logs of the database: reads what has arrived, handles it in one
 * transaction, and never stops for a message that cannot be handled. On trouble it says so in `trouble` and goes on trying.
 */
export class Consumer {
  readonly #service: Service
  readonly #sources: readonly string[]
  readonly #failures = new Failures()
  #held: HeldKeys
  readonly #stop = new AbortController()
  #leading: Leading | undefined
  #reader: Reader | undefined
  /** Messages still to be handled one by one, because a process died over them. */
  #careful = 0
  /** The one of them in hand, and how often it was started by now. Tried again by this process, it has not killed it. */
  #started: { readonly id: string; readonly starts: number } | undefined
  readonly #trouble: Trouble
  /** Why nothing is consumed just now; null when all is well. For readiness. */
  get trouble(): string | null {
    return this.#trouble.text
  }
  /** Age in milliseconds of the oldest message that was read and is not handled. */
  get backlogAge(): number {
    const oldest = this.#reader?.pending[0]
    return oldest ? Math.max(0, this.#service.ports.clock.now() - oldest.created) : 0
  }

  /** @param sources the services of this database, whose logs are read */
  constructor(service: Service, sources: readonly string[]) {
    this.#service = service
    this.#sources = sources
    this.#held = new HeldKeys(service)
    this.#trouble = new Trouble(service.name, service.name, service.ports)
  }

  /** Takes the mailbox over as soon as this instance holds its lease; resolves when it has begun, or is in trouble. */
  start(): Promise<void> {
    const { name, ports } = this.#service
    this.#leading = lead(ports.leases, name, this.#stop.signal, {
      work: (until, begun) => this.#work(until, begun),
      troubled: (error) => this.#trouble.pause(error, this.#stop.signal),
      standingBy: () => this.#trouble.over(),
    })
    return this.#leading.begun
  }

  /** Finishes the transaction in hand and stops between two. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#leading?.ended
  }

  async #work(until: AbortSignal, begun: () => void): Promise<void> {
    const { name, ports, routing } = this.#service
    const lease = await takeOver(ports.database, name, name, this.#sources)
    const reader = new Reader(this.#service, name, lease)
    this.#reader = reader
    this.#held = new HeldKeys(this.#service)
    await releaseUnknown(ports.database, name, routing.definitions)
    this.#held.resume(await heldKeys(ports.database, name))
    if (!lease.clean) {
      await reader.poll(batchLimit)
      this.#careful = reader.pending.length
    }
    const disclaim = ports.signals.claim([name])
    begun()
    try {
      await this.#run(lease, reader, until)
      if (this.#careful === 0) await releaseHold(ports.database, name, lease)
    } finally {
      disclaim()
      this.#reader = undefined
      this.#careful = 0
      this.#started = undefined
    }
  }

  async #run(lease: Hold, reader: Reader, until: AbortSignal): Promise<void> {
    const { name, ports } = this.#service
    while (!until.aborted) {
      try {
        const seen = ports.signals.seen(name)
        if (this.trouble === null) await this.#held.retryDue(lease, this.#failures)
        // In trouble it reads on: whether others succeed tells poison from an outage.
        const hidden = await reader.poll(batchLimit, this.trouble === null ? 1 : batchLimit)
        crashPoint('consumer.afterRead')
        const batch = reader.next(this.trouble !== null || this.#careful > 0 ? 1 : batchLimit)
        if (batch.length > 0) await this.#handle(lease, reader, batch)
        this.#trouble.over()
        // Whatever was written meanwhile has been signalled: only then is it worth another look at once.
        if (reader.pending.length === 0 && batch.length < batchLimit)
          await ports.signals.wait(name, seen, hidden ? hiddenMs : this.#held.waitMs(pollMs), until)
      } catch (error) {
        if (isFinal(error)) throw error
        await this.#trouble.pause(error, until)
      }
    }
  }

  /** Handles a batch; halves it by full rollback until the culprit stands alone, and holds that. */
  async #handle(lease: Hold, reader: Reader, batch: readonly LoggedMessage[]): Promise<void> {
    try {
      if (this.#careful > 0) await this.#handleCarefully(lease, reader, batch)
      else await this.#commit(lease, reader, batch)
    } catch (error) {
      if (error instanceof FencedError || isTransient(error)) throw error
      const [only, ...others] = batch
      if (only && others.length === 0) return this.#holdCulprit(lease, reader, only, error)
      const middle = batch.length >> 1
      await this.#handle(lease, reader, batch.slice(0, middle))
      await this.#handle(lease, reader, batch.slice(middle))
    }
  }

  async #commit(
    lease: Hold,
    reader: Reader,
    batch: readonly LoggedMessage[],
    also?: (unit: UnitOfWork) => Promise<void>,
  ): Promise<void> {
    const { name, ports } = this.#service
    const began = ports.clock.now()
    const items = batch.map((message) => this.#service.routing.item(message))
    const waiting = items.filter((item) => this.#held.has(item.message.key) && waitsItsTurn(item))
    const unknown = items.filter((item) => item.kind === 'unknown' && !waiting.includes(item))
    const handled =
      waiting.length + unknown.length === 0 ? items : items.filter((item) => !waiting.includes(item) && !unknown.includes(item))
    let report: Report = new Map()
    await this.#service.commit(
      async (unit) => {
        const fenced = advance(unit, name, lease, positionsAfter(batch))
        fenced.catch(() => {})
        crashPoint('consumer.afterFence')
        if (waiting.length > 0) await hold(unit, name, 'parked', messagesOf(waiting), {})
        if (unknown.length > 0)
          await hold(unit, name, 'unknown', messagesOf(unknown), { error: 'no code here knows this declaration' })
        report = await handleBatch(unit, name, this.#service.homes, handled)
        await also?.(unit)
        await fenced
      },
      'consumer.beforeCommit',
      'consumer.afterCommit',
    )
    this.#drop(reader, batch.length)
    this.#failures.succeeded(new Set(handled.map((item) => item.message.type)))
    this.#held.add(unknown.map((item) => item.message.key))
    for (const item of unknown)
      tell('comptoir:held', () => ({
        service: name,
        state: 'unknown',
        type: item.message.type,
        key: item.message.key,
        attempts: 0,
        error: `declaration ${item.message.definition}`,
      }))
    this.#tellBatch(batch, began, handled, report)
  }

  /** After an unclean stop: one message at a time, each start counted in a transaction of its own (F8). */
  async #handleCarefully(lease: Hold, reader: Reader, batch: readonly LoggedMessage[]): Promise<void> {
    const { name, ports } = this.#service
    const [message] = batch
    if (!message) return
    const id = `${message.source}/${message.epoch}/${message.txid}/${message.pos}`
    const starts = this.#started?.id === id ? this.#started.starts : await countStart(ports.database, name, id)
    this.#started = { id, starts }
    if (starts > maxStarts)
      await this.#holdCulprit(lease, reader, message, new Error(`the process died ${maxStarts} times over this message`), true)
    else await this.#commit(lease, reader, batch, (unit) => finishStart(unit, name, id))
  }

  /** The first `count` messages are handled or held. */
  #drop(reader: Reader, count: number): void {
    reader.drop(count)
    this.#careful = Math.max(0, this.#careful - count)
    this.#started = undefined
  }

  /** Moves the mailbox past a message that fails alone; its key waits, the others flow. */
  async #holdCulprit(lease: Hold, reader: Reader, message: LoggedMessage, error: unknown, dead = false): Promise<void> {
    const { name, ports } = this.#service
    if (
      !dead &&
      this.#failures.isOutage(message.type, message.key, error, ports.clock.now()) &&
      !(await this.#othersSucceed(reader, message))
    )
      throw error
    crashPoint('held.beforeHold')
    const text = errorText(error)
    await ports.database.transaction(async (tx) => {
      await advance(tx, name, lease, positionsAfter([message]))
      await hold(tx, name, 'retry', [message], { dueInMs: dead ? 0 : backoff(1, ports.random.next()), error: text })
      if (this.#started) await finishStart(tx, name, this.#started.id)
    })
    crashPoint('held.afterHold')
    this.#drop(reader, 1)
    this.#held.add([message.key])
    tell('comptoir:held', () => ({
      service: name,
      state: 'retry',
      type: message.type,
      key: message.key,
      attempts: 1,
      error: text,
    }))
    if (dead) await this.#held.giveUp(lease, message.key, text)
  }

  /**
   * Several keys failed alike. If another message that waits here would succeed, they are poison and there is no outage. The
   * newest are asked: poison tends to come side by side.
   */
  async #othersSucceed(reader: Reader, culprit: LoggedMessage): Promise<boolean> {
    const { name, routing, homes } = this.#service
    const others = reader.pending.filter(
      (message) => message.key !== culprit.key && message.type === culprit.type && !this.#held.has(message.key),
    )
    const rollback = new Error('only tried')
    for (const other of others.slice(-othersAsked)) {
      try {
        await this.#service.commit(
          async (unit) => {
            await handleBatch(unit, name, homes, [routing.item(other)])
            throw rollback
          },
          'consumer.beforeCommit',
          'consumer.afterCommit',
        )
      } catch (error) {
        if (error === rollback) return true
      }
    }
    return false
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
    for (const item of items)
      if (item.kind === 'ignored')
        tell('comptoir:ignored', () => ({ service: name, type: item.message.type, key: item.message.key }))
  }
}

/** The protocol needs no order of settle and undo; and attention is told because the key waits. */
const waitsItsTurn = (item: Item): boolean => item.kind !== 'attention' && !(item.kind === 'step' && item.phase !== 'do')

const messagesOf = (items: readonly Item[]) => items.map((item) => item.message)
