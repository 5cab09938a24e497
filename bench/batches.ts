import { type Diagnostics, listen } from '@comptoir/runtime'

/** What the transactions of one of them did: the entry, a consumer, or the projections. */
export interface Batches {
  readonly who: string
  readonly transactions: number
  readonly messagesPerTransaction: number
  /** From the read of a batch to its commit, its waits for the one session included; null at the entry, which reads none. */
  readonly msPerTransaction: number | null
}

/** Counts transactions and their messages by who made them, until it is closed. */
export class BatchSums {
  readonly #sums = new Map<string, { transactions: number; messages: number; ms: number | null }>()
  readonly #ends: readonly (() => void)[]

  constructor() {
    this.#ends = [
      listen('comptoir:saga', ({ event, count }) => {
        if (event === 'began') this.#add('entry', count, null)
      }),
      listen('comptoir:batch', ({ consumer, messages, milliseconds }: Diagnostics['comptoir:batch']) =>
        this.#add(consumer, messages, milliseconds),
      ),
    ]
  }

  close(): Batches[] {
    for (const end of this.#ends) end()
    return [...this.#sums].map(([who, { transactions, messages, ms }]) => ({
      who,
      transactions,
      messagesPerTransaction: messages / transactions,
      msPerTransaction: ms === null ? null : ms / transactions,
    }))
  }

  #add(who: string, messages: number, ms: number | null): void {
    const sum = this.#sums.get(who) ?? { transactions: 0, messages: 0, ms: ms === null ? null : 0 }
    this.#sums.set(who, sum)
    sum.transactions += 1
    sum.messages += messages
    if (sum.ms !== null && ms !== null) sum.ms += ms
  }
}
