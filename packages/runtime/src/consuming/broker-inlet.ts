import { createHash } from 'node:crypto'
import { firstOfEachKey, type Inlet } from '../log/inlet.ts'
import type { LoggedMessage } from '../log/log.ts'
import type { Delivery, Subscription } from '../ports/broker.ts'

/** A share of a broker's mailbox. What was handled is told to the broker after the commit; the inbox makes it happen once. */
export class BrokerInlet implements Inlet {
  readonly #subscription: Subscription
  readonly #refused = new WeakMap<Delivery, LoggedMessage>()

  constructor(subscription: Subscription) {
    this.#subscription = subscription
  }

  get pending(): readonly LoggedMessage[] {
    return this.#subscription.pending.map((delivery) => this.#message(delivery))
  }

  poll(): Promise<void> {
    return Promise.resolve()
  }

  next(limit: number): readonly LoggedMessage[] {
    return firstOfEachKey(
      this.#subscription.pending.slice(0, limit).map((delivery) => this.#message(delivery)),
      limit,
    )
  }

  /** Nothing is written: the broker keeps the position, and whoever gets the message again finds it in the inbox. */
  take(): Promise<void> {
    return Promise.resolve()
  }

  drop(count: number): void {
    this.#subscription.handled(count)
  }

  /** What has arrived is the broker's, whatever became of the database. */
  rewind(): void {}

  wait(ms: number, abort: AbortSignal): Promise<void> {
    return this.#subscription.arrival(ms, abort)
  }

  #message(delivery: Delivery): LoggedMessage {
    if (delivery.message) return delivery.message
    const known = this.#refused.get(delivery) ?? refusedMessage(delivery)
    this.#refused.set(delivery, known)
    return known
  }
}

/** A record that is no message of ours, as one that can only become a dead letter. The same record gets the same key. */
function refusedMessage({ place, refused }: Delivery): LoggedMessage {
  const { reason, detail, text } = refused ?? { reason: 'undecodable', detail: 'no reason was told', text: '' }
  const hash = createHash('sha256').update(place).update('\0').update(text).digest('hex')
  return {
    source: place,
    epoch: 0,
    txid: '0',
    pos: 0,
    key: hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    type: reason,
    id: null,
    definition: null,
    body: text,
    created: Date.now(),
    refused: `${reason}: ${detail} (${place})`,
  }
}
