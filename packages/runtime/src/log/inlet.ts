import type { Transaction } from '../ports/database.ts'
import type { LoggedMessage } from './log.ts'

/** Where a consumer gets its messages from: the logs of its database, or its share of a broker's mailbox. */
export interface Inlet {
  /** What was read and is not handled, oldest first within each key. What `next` answers, `take` and `drop` mean its first messages. */
  readonly pending: readonly LoggedMessage[]
  /** Reads on when fewer than `enough` messages wait. */
  poll(limit: number, enough?: number): Promise<void>
  /** The next messages, up to `limit`, each key at most once: the next message of a key waits for the next transaction. */
  next(limit: number): readonly LoggedMessage[]
  /** Takes messages, the first of `pending`, in the transaction that handles them. @throws FencedError */
  take(tx: Transaction, messages: readonly LoggedMessage[]): Promise<void>
  /** The first `count` messages are handled and committed. */
  drop(count: number): void
  /** The database was away, and may have come back without what it had not written: reads on from what is stored. */
  rewind(): void
  /** Resolves when something may have come since the last read, after so many milliseconds, or when aborted. */
  wait(ms: number, abort: AbortSignal): Promise<void>
}

/** The first messages, up to `limit`, up to the first key that has been there before. */
export function firstOfEachKey(pending: readonly LoggedMessage[], limit: number): readonly LoggedMessage[] {
  const keys = new Set<string>()
  for (const { key } of pending) {
    if (keys.size === limit || keys.has(key)) break
    keys.add(key)
  }
  return pending.slice(0, keys.size)
}
