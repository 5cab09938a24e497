import { crashPoint } from '../crash-points.ts'
import { tell } from '../diagnostics.ts'
import type { LoggedMessage } from '../log/log.ts'
import { FencedError, fence, type Hold } from '../log/positions.ts'
import { isTooSlow, isTransient, type Transaction } from '../ports/database.ts'
import type { Service } from '../service.ts'
import { driverMailbox, type UnitOfWork } from '../unit-of-work.ts'
import { handleBatch } from './batch.ts'
import { backoff, errorText, type Failures, maxAttempts } from './failures.ts'
import {
  bury,
  dueKeys,
  type HeldMessage,
  lockHeldKeys,
  pausedKeys,
  performReplays,
  postpone,
  removeHeld,
  shelve,
  startAttempt,
  uncount,
} from './held.ts'
import { claimInbox, recordVerdicts } from './inbox.ts'
import type { Item, StepItem } from './routing.ts'
import { Sends } from './sends.ts'

/** How often operators' replay requests are looked for, and what other instances hold. */
const replayMs = 1_000
/** So long after a message that had to wait, others are expected to. */
const likelyMs = 10_000
/** The wait of a message in an outage, as if it were this attempt: a few seconds, so that it goes on soon after the outage. */
const outageAttempt = 6

/**
 * Whether a message waits behind others of its key. The protocol needs no order of settle and undo; attention is told because
 * the key waits; and a pause, or what is refused, is no part of the saga.
 */
export const waitsItsTurn = (item: Item): boolean =>
  item.kind !== 'attention' && item.kind !== 'pause' && item.kind !== 'refused' && !(item.kind === 'step' && item.phase !== 'do')

/** Sent when somebody else than the consumer holds a key: another instance of a mailbox that is shared, or an operator. */
export const heldSignal = (service: string): string => `${service}.held`

/**
 * The keys that wait because a message of theirs could not be handled: tries the first message of each again, releases
 * what is parked behind it in order, and gives up what cannot succeed, by the protocol.
 */
export class HeldKeys {
  readonly #service: Service
  /** Whether other instances consume the same mailbox, so that any of them may hold a key. */
  readonly #shared: boolean
  /** Those that are known here. */
  readonly #keys = new Set<string>()
  /** Keys whose turn did not come to its end: their first message may be parked, so that no due time finds them. */
  readonly #unfinished = new Set<string>()
  /** When (clock) to look again; 0 at the start, so that what an earlier process held is found. */
  #lookAt = 0
  /** When (clock) a message was last met that waits. */
  #waited = Number.NEGATIVE_INFINITY
  /** How often `heldSignal` had been sent when it was last looked. */
  #seen = 0

  constructor(service: Service, shared = false) {
    this.#service = service
    this.#shared = shared
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  /** Those of the keys that wait. Of a shared mailbox they are locked, so that none is released before its next message is parked. */
  among(tx: Transaction, keys: readonly string[]): ReadonlySet<string> | Promise<ReadonlySet<string>> {
    if (!this.#shared) return this.#keys
    return lockHeldKeys(tx, this.#service.name, keys).then((held) => {
      if (held.size > 0) this.#waited = this.#service.ports.clock.now()
      return held
    })
  }

  /** Whether a message was met lately that waits: more of its key, or for the same reason, may follow. */
  get likely(): boolean {
    return Math.abs(this.#service.ports.clock.now() - this.#waited) < likelyMs
  }

  add(keys: readonly string[]): void {
    if (keys.length === 0) return
    this.#lookAt = 0
    if (this.#shared) this.#service.ports.signals.send([heldSignal(this.#service.name)])
    else for (const key of keys) this.#keys.add(key)
  }

  /** Keys that an earlier process held. It may have died between a message and the release of those behind it. */
  resume(keys: readonly string[]): void {
    this.#lookAt = 0
    for (const key of keys) {
      this.#keys.add(key)
      this.#unfinished.add(key)
    }
  }

  /** Keys that were paused or resumed by a message that was handled here. */
  changed(keys: readonly string[]): void {
    if (this.#shared) this.add(keys)
    else if (keys.length > 0) this.resume(keys)
  }

  /** How long the consumer may sleep: at most `max` milliseconds, less when a message is due before. */
  waitMs(max: number): number {
    return this.#idle ? max : Math.max(1, Math.min(max, this.#lookAt - this.#service.ports.clock.now()))
  }

  get #idle(): boolean {
    return !this.#shared && this.#keys.size === 0
  }

  /** Tries what is due. @throws FencedError, or what the database throws */
  async retryDue(lease: Hold, failures: Failures): Promise<void> {
    const { name, ports } = this.#service
    const seen = ports.signals.seen(heldSignal(name))
    if (seen !== this.#seen && !this.#shared) this.resume(await pausedKeys(ports.database, name))
    this.#seen = seen
    const wait = this.#lookAt - ports.clock.now()
    // Longer than was ever set: the clock was set back meanwhile (F41).
    if (wait > 0 && wait <= replayMs) return
    const replayed = await performReplays(ports.database, name, lease)
    for (const key of replayed) this.#keys.add(key)
    const { keys, nextInMs } = this.#idle ? { keys: [], nextInMs: null } : await dueKeys(ports.database, name)
    this.#lookAt = ports.clock.now() + Math.min(replayMs, nextInMs ?? replayMs)
    for (const key of new Set([...this.#unfinished, ...keys])) {
      this.#unfinished.add(key)
      while (await this.#tryFirst(lease, key, failures)) crashPoint('held.afterRetry')
      this.#unfinished.delete(key)
    }
  }

  readonly #passes = (message: LoggedMessage): boolean => !waitsItsTurn(this.#service.routing.item(message))

  /** Tries the first message of a key. Answers whether the next one may be looked at. */
  async #tryFirst(lease: Hold, key: string, failures: Failures): Promise<boolean> {
    const { name, ports, routing } = this.#service
    const head = await startAttempt(ports.database, name, lease, key, this.#passes)
    if (head === 'released') this.#keys.delete(key)
    if (!head || head === 'released') return false
    const { message, attempts, heldId } = head
    const item = routing.item(message)
    if (item.kind === 'unknown') {
      await shelve(ports.database, name, heldId)
      return false
    }
    crashPoint('held.beforeRetry')
    if (attempts > maxAttempts) {
      await this.#bury(lease, head, `given up, its attempts never came to their end (${head.error ?? 'no error was told'})`)
      return true
    }
    try {
      await this.#handle(lease, head, item)
      failures.succeeded([message.type])
      return true
    } catch (error) {
      this.#lookAt = 0
      if (error instanceof FencedError) throw error
      const chance = ports.random.next()
      if (isTransient(error) && !isTooSlow(error)) {
        await uncount(ports.database, name, heldId, backoff(attempts, chance))
        throw error
      }
      if (failures.isOutage(message.type, key, error, ports.clock.now()) || failures.wasOutage(message.type, error)) {
        await uncount(ports.database, name, heldId, backoff(outageAttempt, chance))
        return false
      }
      if (attempts < maxAttempts) {
        await postpone(ports.database, name, heldId, backoff(attempts, chance), errorText(error))
        return false
      }
      await this.#bury(lease, head, errorText(error))
      return true
    }
  }

  async #handle(lease: Hold, { heldId, attention }: HeldMessage, item: Item): Promise<void> {
    const { name } = this.#service
    await this.#service.commit(
      async (unit) => {
        await fence(unit, name, lease)
        await handleBatch(unit, this.#service, [item])
        await removeHeld(unit, name, heldId)
        if (attention && item.kind === 'step') tellAttention(unit, item, null)
      },
      'consumer.beforeCommit',
      'consumer.afterCommit',
    )
  }

  /**
   * Attempts are exhausted. A step that may fail is refused (its effects were rolled back, so this is true) and the saga
   * turns back; an undo, a retriable step or an event waits for a person, and home is told.
   */
  async #bury(lease: Hold, { message, heldId, attempts }: HeldMessage, error: string): Promise<void> {
    const { name, routing } = this.#service
    const item = routing.item(message)
    await this.#service.commit(
      async (unit) => {
        await fence(unit, name, lease)
        const refused = item.kind === 'step' && item.phase === 'do' && item.step.kind !== 'retriable' ? item : undefined
        const attention = item.kind === 'step' && !refused
        const claim = { id: message.key, step: refused?.step.name ?? '', phase: 'do', outcome: 'refused', data: null } as const
        // Before the message's own row, as does an instance that handles it meanwhile.
        const fresh = refused && (await claimInbox(unit, name, [claim]))
        await bury(unit, name, heldId, error, { settled: refused !== undefined, attention })
        if (attention) tellAttention(unit, item, `${item.phase} of ${item.step.name}: ${error}`)
        if (!refused || !fresh?.(claim)) return
        const { saga, step } = refused
        const cause = { step: step.name, reason: 'error' }
        await recordVerdicts(unit, name, [
          { id: message.key, step: step.name, outcome: 'refused', result: null, reason: 'error', detail: error },
        ])
        const asked = new Map(refused.asked ? [[message.key, refused.asked]] : [])
        new Sends(unit, new Map(), asked).failed(saga, step, message.key, 'refused', cause)
      },
      'consumer.beforeCommit',
      'consumer.afterCommit',
    )
    tell('comptoir:held', () => ({ service: name, state: 'dead', type: message.type, key: message.key, attempts, error }))
    this.#lookAt = 0
  }
}

/** Tells whoever keeps the saga's row that a person is needed for this step, or no longer. */
function tellAttention(unit: UnitOfWork, { saga, message, asked }: StepItem, note: string | null): void {
  unit.tellAttention(asked ? driverMailbox : saga.home, saga, message.key, { note })
}
