import type { Broker, Database, Delivery, Loss, Subscription, Transaction, Value } from '@comptoir/runtime'
import type { Sighting, Trace } from './trace.ts'

/*
 * Comptoir's ports, watched: the runtime tells how long a batch took, but not which sagas were in it. What goes into a log
 * and comes out of it is known by the text of the statement; should that change, the trace misses its stamps and says so.
 */

const appends = /^insert into \w+\.log \(mailbox, epoch, key, type,/
const reads = /from \w+\.log\s+where mailbox = /

/** A database whose logs are watched. */
export function tracedDatabase(database: Database, trace: Trace): Database {
  return {
    async query<R>(text: string, values?: readonly Value[]) {
      const rows = await database.query<R>(text, values)
      if (reads.test(text)) trace.stamp('received', (rows as LogRow[]).filter(({ key }) => key !== null).map(sighting))
      return rows
    },
    async transaction(work) {
      const stored: Sighting[] = []
      const result = await database.transaction((tx) => {
        const watched = {
          query<R>(text: string, values?: readonly Value[]) {
            if (appends.test(text)) stored.push(...appended(values))
            return tx.query<R>(text, values)
          },
        }
        return work(watched as Transaction)
      })
      trace.stamp('stored', stored)
      return result
    },
    script: (text) => database.script(text),
    close: () => database.close(),
  }
}

interface LogRow {
  readonly key: string
  readonly type: string
}

const sighting = ({ key, type }: LogRow): Sighting => ({ saga: key, name: type })

/** What a statement appends: messages of one type, or each with its own. */
function appended(values: readonly Value[] = []): Sighting[] {
  if (!Array.isArray(values[0])) {
    const [, name, , keys] = values as [string, string, string, string[]]
    return keys.map((saga) => ({ saga, name }))
  }
  const [, keys, types] = values as [string[], string[], string[]]
  return keys.map((saga, index) => ({ saga, name: types[index] ?? '' }))
}

/** A broker whose messages are watched. */
export function tracedBroker(broker: Broker, trace: Trace): Broker {
  return {
    prepare: (mailboxes) => broker.prepare(mailboxes),
    behind: (mailbox) => broker.behind(mailbox),
    async publish(mailbox, messages) {
      await broker.publish(mailbox, messages)
      trace.stamp('relayed', messages.map(sighting))
    },
    subscribe: (mailbox) => new TracedSubscription(broker.subscribe(mailbox), trace),
    close: () => broker.close(),
  }
}

class TracedSubscription implements Subscription {
  readonly #subscription: Subscription
  readonly #trace: Trace
  /** So many of the pending have been looked at. */
  #seen = 0

  constructor(subscription: Subscription, trace: Trace) {
    this.#subscription = subscription
    this.#trace = trace
  }

  get pending(): readonly Delivery[] {
    const { pending } = this.#subscription
    const fresh = pending.slice(this.#seen).flatMap(({ message }) => message ?? [])
    this.#trace.stamp('received', fresh.map(sighting))
    this.#seen = pending.length
    return pending
  }

  get generation(): number {
    return this.#subscription.generation
  }

  get behind(): number {
    return this.#subscription.behind
  }

  get trouble(): string | null {
    return this.#subscription.trouble
  }

  losses(): readonly Loss[] {
    return this.#subscription.losses()
  }

  arrival(ms: number, abort?: AbortSignal): Promise<void> {
    return this.#subscription.arrival(ms, abort)
  }

  handled(count: number): void {
    this.#seen -= count
    this.#subscription.handled(count)
  }

  close(): Promise<void> {
    return this.#subscription.close()
  }
}
