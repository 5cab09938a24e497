import type { LoggedMessage } from '../log/log.ts'

/**
 * The Broker port: carries the messages of a service's log to the mailboxes of other services, each in its own process and
 * database. It delivers at least once; the inbox makes an effect happen once.
 */
export interface Broker {
  /** Makes the topics of these mailboxes where they are missing; never changes one that is there. */
  prepare(mailboxes: readonly string[]): Promise<void>
  /**
   * Publishes messages to one mailbox, those of a key in their order; resolves when every in-sync replica has them all.
   * A message whose publication failed may have arrived all the same.
   *
   * @throws BrokerError
   */
  publish(mailbox: string, messages: readonly LoggedMessage[]): Promise<void>
  /** Joins the consumers of a mailbox, which share its keys. Never throws: trouble shows in the subscription. */
  subscribe(mailbox: string): Subscription
  /**
   * Messages of a mailbox that its consumers, all of them together, have not handled yet.
   *
   * @throws BrokerError
   */
  behind(mailbox: string): Promise<number>
  close(): Promise<void>
}

/** One message as it arrived. */
export interface Delivery {
  /** Where it stands, for people: `store[3]@1204`. */
  readonly place: string
  /** What it is; null when it is no message of ours. */
  readonly message: LoggedMessage | null
  /** Why it is no message of ours, and its bytes as text, for the dead letter; null when it is one. */
  readonly refused: {
    readonly reason: 'undecodable' | 'invalid_cloudevent' | 'misrouted'
    readonly detail: string
    readonly text: string
  } | null
}

/** A gap in what arrived: messages that the broker has deleted before anybody handled them. */
export interface Loss {
  /** Where they stood, for people: `store[3]`. */
  readonly place: string
  readonly first: number
  /** The first that is there again. */
  readonly next: number
}

/**
 * A share of a mailbox. What has arrived and was not handled yet stays in `pending`, in the order of each key; the shares
 * move between instances at any time, so a message may be handled twice.
 */
export interface Subscription {
  /** What has arrived and was not handled, oldest first within each key. */
  readonly pending: readonly Delivery[]
  /** How often the set of keys that this instance gets has changed. */
  readonly generation: number
  /** Messages that the broker holds for this share and that have not arrived yet. */
  readonly behind: number
  /** Why nothing arrives just now, or that messages wait so long that the broker may delete them; null when all is well. */
  readonly trouble: string | null
  /** The gaps that were found since this was last asked. What comes behind them is handled meanwhile. */
  losses(): readonly Loss[]
  /** Resolves when something arrived that was not there before, or the generation or the trouble changed; or when aborted. */
  arrival(ms: number, abort?: AbortSignal): Promise<void>
  /** The first `count` of `pending` are handled and committed: the broker may forget them. Returns at once. */
  handled(count: number): void
  /** Commits what was handled, and leaves. */
  close(): Promise<void>
}

/** What the broker said no to. `retry`: trying again later can help. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  readonly retry: boolean
  constructor(message: string, retry: boolean, options?: ErrorOptions) {
    super(message, options)
    this.retry = retry
  }
}
