import type { Broker, Delivery, Signals, Subscription } from '@comptoir/runtime'
import type { Letter } from './mailbag.ts'

const arrivalAt = (mailbox: string): string => `${mailbox}.arrival`

/**
 * The broker as one process sees it: letters arrive when the simulation brings them. It publishes and shares nothing, so that the
 * conformance suite of brokers is not for it (docs/decisions/0016).
 */
export class SimulatedBroker implements Broker {
  readonly #signals: Signals
  readonly #shares = new Map<string, Letter[]>()

  constructor(signals: Signals) {
    this.#signals = signals
  }

  /** What has arrived and was not handled. */
  get inHand(): readonly Letter[] {
    return [...this.#shares.values()].flat()
  }

  /** Brings letters to one mailbox. */
  bring(mailbox: string, letters: readonly Letter[]): void {
    this.#share(mailbox).push(...letters)
    this.#signals.send([arrivalAt(mailbox)])
  }

  subscribe(mailbox: string): Subscription {
    const [share, signals, name] = [this.#share(mailbox), this.#signals, arrivalAt(mailbox)]
    return {
      get pending() {
        return share.map(deliveryOf)
      },
      // The first look finds that keys have come, perhaps from an earlier life.
      generation: 1,
      behind: 0,
      trouble: null,
      losses: () => [],
      arrival: (ms, abort) => signals.wait(name, signals.seen(name), ms, abort),
      handled: (count) => void share.splice(0, count),
      close: () => Promise.resolve(),
    }
  }

  /** Nothing waits for control messages: in a simulation any order may be. */
  behind(): Promise<number> {
    return Promise.resolve(0)
  }

  prepare(): Promise<void> {
    return Promise.resolve()
  }

  /** Nothing is published: the simulation reads the logs. */
  publish(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #share(mailbox: string): Letter[] {
    const share = this.#shares.get(mailbox) ?? []
    this.#shares.set(mailbox, share)
    return share
  }
}

const deliveryOf = ({ mailbox, message }: Letter): Delivery => ({
  place: `${mailbox} of ${message.source}@${message.pos}`,
  message,
  refused: null,
})
