import type { LoggedMessage } from '../log/log.ts'
import { type Broker, BrokerError, type Delivery, type Loss, type Subscription } from '../ports/broker.ts'

const partitionCount = 6

interface Origin {
  readonly partition: Partition
  readonly offset: number
}
interface Partition {
  readonly number: number
  readonly records: Pick<Delivery, 'message' | 'refused'>[]
  /** The first offset that was not handled. */
  committed: number
  owner: MemorySubscription | undefined
}
interface Mailbox {
  readonly partitions: readonly Partition[]
  readonly members: MemorySubscription[]
}

/** A broker in memory, which any number of instances connect to: for tests of what stands on a broker. */
export class MemoryBroker {
  readonly #mailboxes = new Map<string, Mailbox>()
  /** Everything is refused while it is away. */
  away = false
  /** Publications that were asked for. */
  publications = 0

  connect(): Broker {
    const own: Subscription[] = []
    return {
      prepare: async () => this.#refuse(),
      publish: async (mailbox, messages) => {
        this.publications += 1
        this.#refuse()
        this.#append(mailbox, messages)
      },
      subscribe: (mailbox) => {
        const subscription = new MemorySubscription(mailbox, () => this.#leave(mailbox, subscription))
        own.push(subscription)
        this.#mailbox(mailbox).members.push(subscription)
        this.#share(mailbox)
        return subscription
      },
      behind: async (mailbox) => {
        this.#refuse()
        return this.#mailbox(mailbox).partitions.reduce((sum, { records, committed }) => sum + records.length - committed, 0)
      },
      close: async () => {
        for (const subscription of own) await subscription.close()
      },
    }
  }

  /** How many share a mailbox. */
  members(mailbox: string): number {
    return this.#mailbox(mailbox).members.length
  }

  /** Brings everything that a mailbox ever got once more, as after a loss of its offsets. */
  repeat(mailbox: string): void {
    for (const partition of this.#mailbox(mailbox).partitions) {
      partition.committed = 0
      partition.owner = undefined
    }
    this.#share(mailbox)
  }

  /** Forgets what a mailbox holds. */
  lose(mailbox: string): void {
    for (const partition of this.#mailbox(mailbox).partitions) {
      partition.records.length = 0
      partition.committed = 0
    }
  }

  /** Tells whoever consumes a mailbox that it has a gap. */
  deleted(mailbox: string, loss: Loss): void {
    for (const { gaps } of this.#mailbox(mailbox).members) gaps.push(loss)
  }

  /** Puts a record into a mailbox that is no message of ours. */
  garbage(mailbox: string, text: string): void {
    const [partition] = this.#mailbox(mailbox).partitions
    if (partition) bring(partition, { message: null, refused: { reason: 'undecodable', detail: 'it is garbage', text } })
  }

  #refuse(): void {
    if (this.away) throw new BrokerError('the broker is away', true)
  }

  #mailbox(name: string): Mailbox {
    const partition = (number: number): Partition => ({ number, records: [], committed: 0, owner: undefined })
    const known = this.#mailboxes.get(name) ?? {
      partitions: Array.from({ length: partitionCount }, (_, number) => partition(number)),
      members: [],
    }
    this.#mailboxes.set(name, known)
    return known
  }

  #append(name: string, messages: readonly LoggedMessage[]): void {
    const { partitions } = this.#mailbox(name)
    for (const message of messages) {
      const hash = [...message.key].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_521, 7)
      const partition = partitions[hash % partitionCount] as Partition
      bring(partition, { message, refused: null })
    }
  }

  #leave(name: string, subscription: MemorySubscription): void {
    const { members, partitions } = this.#mailbox(name)
    const at = members.indexOf(subscription)
    if (at < 0) return
    members.splice(at, 1)
    for (const partition of partitions) if (partition.owner === subscription) partition.owner = undefined
    this.#share(name)
  }

  /** Gives each member its part; who gets a partition reads it from what was handled. */
  #share(name: string): void {
    const { partitions, members } = this.#mailbox(name)
    for (const partition of partitions) {
      const owner = members[partition.number % members.length]
      if (owner === partition.owner) continue
      partition.owner = owner
      for (let offset = partition.committed; offset < partition.records.length; offset += 1) owner?.bring(partition, offset)
    }
    for (const member of members) member.joined()
  }
}

function bring(partition: Partition, record: Partition['records'][number]): void {
  partition.records.push(record)
  partition.owner?.bring(partition, partition.records.length - 1)
}

class MemorySubscription implements Subscription {
  readonly pending: Delivery[] = []
  readonly gaps: Loss[] = []
  generation = 0
  trouble: string | null = null
  readonly behind = 0
  readonly #mailbox: string
  readonly #leave: () => void
  readonly #origins: Origin[] = []
  #news = false
  #wake: (() => void) | undefined

  constructor(mailbox: string, leave: () => void) {
    this.#mailbox = mailbox
    this.#leave = leave
  }

  bring(partition: Partition, offset: number): void {
    const record = partition.records[offset]
    if (!record) return
    this.pending.push({ place: `${this.#mailbox}[${partition.number}]@${offset}`, ...record })
    this.#origins.push({ partition, offset })
    this.#changed()
  }

  joined(): void {
    this.generation += 1
    this.#changed()
  }

  arrival(ms: number, abort?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer)
        abort?.removeEventListener('abort', finish)
        this.#wake = undefined
        this.#news = false
        resolve()
      }
      const timer = setTimeout(finish, ms)
      this.#wake = finish
      abort?.addEventListener('abort', finish)
      if (this.#news || abort?.aborted || this.trouble !== null) finish()
    })
  }

  losses(): readonly Loss[] {
    return this.gaps.splice(0)
  }

  handled(count: number): void {
    this.pending.splice(0, count)
    for (const { partition, offset } of this.#origins.splice(0, count))
      if (partition.owner === this) partition.committed = Math.max(partition.committed, offset + 1)
  }

  async close(): Promise<void> {
    this.trouble = 'closed'
    this.#leave()
    this.#changed()
  }

  #changed(): void {
    this.#news = true
    this.#wake?.()
  }
}
