import type { Saga } from '@comptoir/saga'
import type { Transaction } from './ports/database.ts'

/** A business event for another service: what it is, whom it concerns, and its data in the contract's field names. */
export interface OutgoingEvent {
  /** The mailbox (service) that handles it. */
  readonly to: string
  readonly type: string
  /** Partition key: the saga id, where there is one; events of one key keep their order. */
  readonly key: string
  readonly data: unknown
}

/** A saga to begin: its id (UUIDv7) and its input. */
export interface Beginning<Input = unknown> {
  readonly id: string
  readonly input: Input
  /** The business key people know it by: the order's number. */
  readonly subject?: string
}

/**
 * One unit of work: a transaction, and what leaves it. Messages, changes and beginnings are gathered here and written in
 * one statement each before the commit, so that effect and message are in the same commit and no message costs its own
 * statement.
 */
export interface Unit extends Transaction {
  /**
   * Runs a statement whose answer nobody needs: it travels with the next one that somebody waits for, at the latest with the
   * commit, and costs no round trip of its own. When it fails, the transaction does.
   */
  write(text: string, values?: readonly import('./ports/database.ts').Value[]): void
  /** A new id (UUIDv7). */
  newId(): string
  /** Sends a business event with this transaction. */
  publish(event: OutgoingEvent): void
  /** Says which rows changed, so that this service's projections read them again: `unit.changed('stock', [3, 7])`. */
  changed(kind: string, ids: Iterable<number | string>): void
  /** Begins sagas with this transaction: their rows at home and the first message of each. */
  begin<Input>(saga: Saga<string, Input>, beginnings: readonly Beginning<Input>[]): void
  /**
   * Asks for the outcome of a choreographed saga to be made definite: what has not run is refused, for this reason, and what has
   * is undone, unless its pivot is done. One that has ended stays as it is.
   */
  settle(saga: Saga, id: string, reason: string): void
  /** The rows that the handlers of this batch declared as locks, by key; present before any handler runs. */
  locked<R>(name: string): ReadonlyMap<number | string, R>
}

/** What a service's own code sees of the runtime: its schema through reads and units of work. */
export interface Work {
  /** The service's name: its mailbox, and its schema in the database. */
  readonly name: string
  query<R>(text: string, values?: readonly import('./ports/database.ts').Value[]): Promise<R[]>
  /** Runs `work` and commits it with everything it sent; then wakes whoever waits for it. */
  transaction<T>(work: (unit: Unit) => Promise<T>): Promise<T>
}
