import { handleBatch, Sends } from './batch.ts'
import { crashPoint } from './crash-points.ts'
import { tell } from './diagnostics.ts'
import { backoff, errorText, type Failures, maxAttempts } from './failures.ts'
import { bury, dueKeys, type HeldMessage, performReplays, postpone, removeHeld, startAttempt, uncount } from './held.ts'
import { claimInbox, recordVerdicts } from './inbox.ts'
import { isTransient } from './ports/database.ts'
import { attentionType } from './routing.ts'
import type { Service } from './service.ts'

/** How often operators' replay requests are looked for. */
const replayMs = 1_000

/**
 * The keys that wait because a message of theirs could not be handled: tries the first message of each again, releases
 * what is parked behind it in order, and gives up what cannot succeed, by the protocol.
 */
export class HeldKeys {
  readonly #service: Service
  readonly #keys = new Set<string>()
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

  /** How long the consumer may sleep: at most `max` milliseconds, less when a message is due before. */
  waitMs(max: number): number {
    return this.#keys.size === 0 ? max : Math.max(1, Math.min(max, this.#lookAt - this.#service.ports.clock.now()))
  }

  /** Tries what is due. */
  async retryDue(failures: Failures): Promise<void> {
    const { name, ports } = this.#service
    if (ports.clock.now() < this.#lookAt) return
    const replayed = await performReplays(ports.database, name)
    for (const key of replayed) this.#keys.add(key)
    const { keys, nextInMs } = this.#keys.size > 0 ? await dueKeys(ports.database, name) : { keys: [], nextInMs: null }
    this.#lookAt = ports.clock.now() + Math.min(replayMs, nextInMs ?? replayMs)
    for (const key of keys) await this.#retry(key, failures)
  }

  /** Makes the first message of a key a dead letter at once. */
  async giveUp(key: string, error: string): Promise<void> {
    const head = await startAttempt(this.#service.ports.database, this.#service.name, key)
    if (head && head !== 'released') await this.#bury(head, error)
  }

  async #retry(key: string, failures: Failures): Promise<void> {
    const { name, ports, routing, homes } = this.#service
    const { database } = ports
    for (;;) {
      const head = await startAttempt(database, name, key)
      if (head === 'released') return void this.#keys.delete(key)
      if (!head) return
      const { message, attempts, heldId } = head
      crashPoint('held.beforeRetry')
      try {
        await this.#service.commit(
          async (unit) => {
            const item = routing.item(message)
            await handleBatch(unit, name, homes, [item])
            await removeHeld(unit, name, heldId)
            if (head.attention && item.kind === 'step') unit.sendHome(item.saga, message.key, attentionType, { note: null })
          },
          'consumer.beforeCommit',
          'consumer.afterCommit',
        )
        failures.succeeded([message.type])
      } catch (error) {
        this.#lookAt = 0
        const text = errorText(error)
        const wait = backoff(attempts, ports.random.next())
        if (isTransient(error)) return uncount(database, name, heldId, wait)
        // An outage is no reason to give a message up: it is tried again when others succeed.
        if (attempts >= maxAttempts && failures.isOutage(message.type, message.key, error, ports.clock.now()))
          return uncount(database, name, heldId, wait)
        if (attempts >= maxAttempts) await this.#bury(head, text)
        else return postpone(database, name, heldId, wait, text)
      }
      crashPoint('held.afterRetry')
    }
  }

  /**
   * Attempts are exhausted. A step that may fail is refused (its effects were rolled back, so this is true) and the saga
   * turns back; an undo, a retriable step or an event waits for a person, and home is told.
   */
  async #bury({ message, heldId, attempts }: HeldMessage, error: string): Promise<void> {
    const { name, routing } = this.#service
    const item = routing.item(message)
    await this.#service.commit(
      async (unit) => {
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
