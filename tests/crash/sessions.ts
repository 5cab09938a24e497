import type { Statement } from './invariants/check.ts'

/** What is checked here. */
export const sessionsKept: Statement = {
  invariant: 'I13',
  rule: 'no client read an order older than it had read it, or than a write of its own was acknowledged',
}

/** How far along its path an order is in a status; those that end it are ends of different paths. */
const ranks: Readonly<Record<string, number>> = { PENDING: 0, PLACED: 1, CANCELLING: 2, PAID: 3, CANCELLED: 3, EXPIRED: 3 }

/** What a client knows of an order when it asks for it. */
export interface Known {
  /** What it last read. */
  readonly read: string | undefined
  /** What a write of its own, which was acknowledged, has made of it. */
  readonly written: string | undefined
}

/** I13: what the clients of one load have read and written of their orders. None of it may be unread. */
export class Sessions {
  readonly #known = new Map<number, Known>()

  /** To be asked before the request is sent: what comes back may not be older than this. */
  of(order: number): Known {
    return this.#known.get(order) ?? { read: undefined, written: undefined }
  }

  /** An answer that says what the order is by now. */
  wrote(order: number, status: string): void {
    this.#known.set(order, { read: this.of(order).read, written: status })
  }

  read(order: number, status: string): void {
    const known = this.of(order)
    // Answers of requests at the same time come in any order.
    if (known.read === undefined || rank(status) >= rank(known.read)) this.#known.set(order, { ...known, read: status })
  }
}

const rank = (status: string): number => ranks[status] ?? Number.NaN

/** Whether an order that was seen in one status can be in the other later, or still. */
export const follows = (before: string | undefined, status: string): boolean =>
  before === undefined || before === status || rank(before) < rank(status)
