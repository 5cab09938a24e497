import { handleBatch, Sends } from './batch.ts'
import { crashPoint } from './crash-points.ts'
import { tell } from './diagnostics.ts'
import { backoff, errorText, type Failures, maxAttempts } from './failures.ts'
import { bury, dueKeys, type HeldMessage, performReplays, postpone, removeHeld, shelve, startAttempt, uncount } from './held.ts'
import { claimInbox, recordVerdicts } from './inbox.ts'
import { isTransient } from './ports/database.ts'
import { FencedError, fence, type Hold } from './positions.ts'
import { attentionType, type Item } from './routing.ts'
import type { Service } from './service.ts'

/** How often operators' replay requests are looked for. */
const replayMs = 1_000
/** The wait of a message in an outage, as if it were this attempt: a few seconds, so that it goes on soon after the outage. */
const outageAttempt = 6

/**
 * The keys that wait because a message of theirs could not be handled: tries the first message of each again, releases
 * what is parked behind it in order, and gives up what cannot succeed, by the protocol.
 */
export class HeldKeys {
  readonly #service: Service
  readonly #keys = new Set<string>()
  /** Keys whose turn did not come to its end: their first message may be parked, so that no due time finds them. */
  readonly #unfinished = new Set<string>()
  /** When (clock) to look again; 0 at the start, so that what an earlier process held is found. */
  #lookAt = 0

  constructor(service: Service) {
    this.#service = service
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  add(keys: readonly string[]): void {
    for (const key of keys) this.#keys.add(key)
    if (keys.length > 0) this.#lookAt = 0
  }

  /** Keys that an earlier process held. It may have died between a message and the release of those behind it. */
  resume(keys: readonly string[]): void {
    this.add(keys)
    for (const key of keys) this.#unfinished.add(key)
  }

  /** How long the consumer may sleep: at most `max` milliseconds, less when a message is due before. */
  waitMs(max: number): number {
    return this.#keys.size === 0 ? max : Math.max(1, Math.min(max, this.#lookAt - this.#service.ports.clock.now()))
  }

  /** Tries what is due. @throws FencedError, or what the database throws */
  async retryDue(lease: Hold, failures: Failures): Promise<void> {
    const { name, ports } = this.#service
    if (ports.clock.now() < this.#lookAt) return
    const replayed = await performReplays(ports.database, name, lease)
    for (const key of replayed) this.#keys.add(key)
    const { keys, nextInMs } = this.#keys.size > 0 ? await dueKeys(ports.database, name) : { keys: [], nextInMs: null }
    this.#lookAt = ports.clock.now() + Math.min(replayMs, nextInMs ?? replayMs)
    for (const key of new Set([...this.#unfinished, ...keys])) {
      this.#unfinished.add(key)
      while (await this.#tryFirst(lease, key, failures)) crashPoint('held.afterRetry')
      this.#unfinished.delete(key)
    }
  }

  /** Makes the first message of a key a dead letter at once. */
  async giveUp(lease: Hold, key: string, error: string): Promise<void> {
    this.#unfinished.add(key)
    const head = await startAttempt(this.#service.ports.database, this.#service.name, lease, key)
    if (head && head !== 'released') await this.#bury(lease, head, error)
  }

  /** Tries the first message of a key. Answers whether the next one may be looked at. */
  async #tryFirst(lease: Hold, key: string, failures: Failures): Promise<boolean> {
    const { name, ports, routing } = this.#service
    const head = await startAttempt(ports.database, name, lease, key)
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
      await this.#bury(lease, head, `none of ${maxAttempts} attempts came to its end`)
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
      if (isTransient(error)) {
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

  async #handle(lease: Hold, { message, heldId, attention }: HeldMessage, item: Item): Promise<void> {
    const { name, homes } = this.#service
    await this.#service.commit(
      async (unit) => {
        await fence(unit, name, lease)
        await handleBatch(unit, name, homes, [item])
        await removeHeld(unit, name, heldId)
        if (attention && item.kind === 'step') unit.sendHome(item.saga, message.key, attentionType, { note: null })
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
        const settled = item.kind === 'step' && item.phase === 'do' && item.step.kind !== 'retriable'
        const attention = item.kind === 'step' && !settled
        await bury(unit, name, heldId, error, { settled, attention })
        if (attention)
          unit.sendHome(item.saga, message.key, attentionType, { note: `${item.phase} of ${item.step.name}: ${error}` })
        if (!settled) return
        const { saga, step } = item
        const fresh = await claimInbox(unit, name, [
          { id: message.key, step: step.name, phase: 'do', outcome: 'refused', data: null },
        ])
        if (fresh.size === 0) return
        const cause = { step: step.name, reason: 'error' }
        await recordVerdicts(unit, name, [
          { id: message.key, step: step.name, outcome: 'refused', result: null, reason: 'error', detail: error },
        ])
        new Sends(unit, new Map()).after(saga, step, message.key, 'failed', { cause }, cause, 'refused')
      },
      'consumer.beforeCommit',
      'consumer.afterCommit',
    )
    tell('comptoir:held', () => ({ service: name, state: 'dead', type: message.type, key: message.key, attempts, error }))
    this.#lookAt = 0
  }
}
