import { awaitedSignal, holdProjection, projectedSignal, type Signals, type Work } from '@comptoir/runtime'
import type { EntryReads, Kind } from './entry-reads.ts'
import { entryOfOrder, orderOfEntry } from './orders/entries.ts'
import type { Order } from './orders/order.ts'
import { findOrder, ordersShown, writtenOrder } from './orders/queries.ts'
import { hasChanged, type ReadYourWrites, type WrittenVersion } from './read-your-writes.ts'
import { lockKey, schemasToWrite } from './rebuild.ts'

/** After this time an entry that the read model has not brought up to date is dropped from it: within the 500 ms of the contract. */
const patienceMs = 400
/** Without a signal, look this often. */
const pollMs = 20

/** A read store beside the tables of the read model. */
export interface ReadStoreUse {
  readonly entries: EntryReads
  /** The absolute URL to pay a payment at; it ends in the payment's id. */
  readonly linkTo: (payment: number) => string
}

interface Waiter {
  readonly id: number
  /** Whether what the read model shows is what this one waits for; undefined: it does not hold the row. */
  readonly test: (row: Shown | undefined) => boolean
  readonly seen: () => void
}
type Shown = { readonly version: number } & Partial<Order>

const entries = { stock: { table: 'stock', key: 'product_id' }, order: { table: 'orders', key: 'order_id' } } as const

/** Requests that wait for the read model: all of them together ask it one question per look, and only while any waits. */
export class ReadWaits implements ReadYourWrites {
  readonly #work: Work
  readonly #signals: Signals
  readonly #waiting: Readonly<Record<Kind, Set<Waiter>>> = { stock: new Set(), order: new Set() }
  readonly #looking = new Set<Kind>()
  readonly #store: ReadStoreUse | undefined
  #dropped: Promise<void> = Promise.resolve()

  constructor(work: Work, signals: Signals, store?: ReadStoreUse) {
    this.#work = work
    this.#signals = signals
    this.#store = store
  }

  async reached(kind: Kind, versions: readonly WrittenVersion[]): Promise<void> {
    await Promise.all([this.#inTables(kind, versions), this.#store?.entries.reached(kind, versions)])
  }

  async caughtUp(kind: Kind, versions: readonly WrittenVersion[]): Promise<void> {
    await Promise.all(
      versions.map(({ id, version }) => this.#seen(kind, id, patienceMs, (row) => row !== undefined && row.version >= version)),
    )
  }

  async #inTables(kind: Kind, versions: readonly WrittenVersion[]): Promise<void> {
    const late = await Promise.all(
      versions.map(async (written) => {
        // One that is not there, or not any more, is answered from the write side, unless a projection is about to bring it.
        let absent = false
        const seen = await this.#seen(kind, written.id, patienceMs, (row) => {
          absent = row === undefined
          return row === undefined || row.version >= written.version
        })
        return seen && !absent ? [] : [written]
      }),
    )
    if (late.flat().length > 0) await this.#drop(kind, late.flat())
  }

  /** The order as it is read. One that shows its link is in the reports, so its projection is waited for. */
  async read(id: number): Promise<Order | undefined> {
    if (!this.#store) return (await this.#find(id))?.order
    const { entries, linkTo } = this.#store
    const orders = await entries.read('order', [id], orderOfEntry, async () => {
      const found = await this.#find(id)
      if (!found) return []
      const { order, projected } = found
      return [{ id, version: order.version, value: order, entry: projected ? entryOfOrder(order, linkTo) : undefined }]
    })
    return orders.get(id)
  }

  async #find(id: number): Promise<{ order: Order; projected: boolean } | undefined> {
    const found = await findOrder(this.#work, id)
    if (!found) return undefined
    const { order, projected } = found
    if (!projected && hasChanged(order)) await this.caughtUp('order', [{ id, version: order.version }])
    return found
  }

  /**
   * The order as soon as whoever reads it finds it so, or undefined after `ms` milliseconds. When it has become so and the read
   * model does not follow, its entry is dropped, so that the next read is answered from the write side.
   */
  async order(id: number, ms: number, test: (order: Order) => boolean): Promise<Order | undefined> {
    const order = await this.#shown(id, ms, test)
    if (order) await this.#store?.entries.reached('order', [{ id, version: order.version }])
    return order
  }

  async #shown(id: number, ms: number, test: (order: Order) => boolean): Promise<Order | undefined> {
    // By the clock, not by the looks: each may take its time, and the process may stand still meanwhile.
    const end = performance.now() + ms
    for (let left = ms; left > 0; left = end - performance.now()) {
      let found: Order | undefined
      const matches = (row: Shown | undefined) => {
        if (row !== undefined && test(row as Order)) found = row as Order
        return found !== undefined
      }
      if (await this.#seen('order', id, Math.min(left, patienceMs), matches)) return found
      const written = await writtenOrder(this.#work, id)
      if (written && test(written)) {
        await this.#drop('order', [{ id, version: written.version }])
        return written
      }
    }
    return undefined
  }

  /** Whether the row passed the test within so many milliseconds. */
  #seen(kind: Kind, id: number, ms: number, test: Waiter['test']): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (seen: boolean) => {
        clearTimeout(timer)
        this.#waiting[kind].delete(waiter)
        resolve(seen)
      }
      const timer = setTimeout(() => finish(false), ms)
      const waiter: Waiter = { id, test, seen: () => finish(true) }
      this.#waiting[kind].add(waiter)
      if (!this.#looking.has(kind)) void this.#look(kind)
    })
  }

  async #look(kind: Kind): Promise<void> {
    this.#looking.add(kind)
    const waiting = this.#waiting[kind]
    const signal = projectedSignal(this.#work.name)
    while (waiting.size > 0) {
      this.#signals.send([awaitedSignal(this.#work.name)])
      const mark = this.#signals.seen(signal)
      const asking = [...waiting]
      // While the database does not answer, nothing is known: they go on waiting.
      const rows = await this.#read(kind, [...new Set(asking.map(({ id }) => id))]).catch(() => undefined)
      for (const waiter of asking) if (rows && waiter.test(rows.get(waiter.id))) waiter.seen()
      if (waiting.size > 0) await this.#signals.wait(signal, mark, pollMs)
    }
    this.#looking.delete(kind)
  }

  async #read(kind: Kind, ids: readonly number[]): Promise<ReadonlyMap<number, Shown>> {
    if (kind === 'order') return ordersShown(this.#work, ids)
    const rows = await this.#work.query<{ id: number; version: number }>(
      `select product_id as id, version from store_view.stock where product_id = any($1::int[])`,
      [ids],
    )
    return new Map(rows.map((row) => [row.id, row]))
  }

  /**
   * Entries that are older than these are dropped; the change that the projection has not applied brings them back. One after
   * the other: each may have to wait, and the others' connections are for those who end that.
   */
  #drop(kind: Kind, versions: readonly WrittenVersion[]): Promise<void> {
    const dropped = this.#dropped.then(() => this.#dropNow(kind, versions))
    this.#dropped = dropped.catch(() => {})
    return dropped
  }

  async #dropNow(kind: Kind, versions: readonly WrittenVersion[]): Promise<void> {
    const { table, key } = entries[kind]
    await this.#work.transaction(async (unit) => {
      // Whoever has read what was before would bring it back after this: a projection and a rebuild's piece end first. In this
      // order: so does a projection take them.
      await holdProjection(unit, this.#work.name)
      await unit.query(`select from pg_advisory_xact_lock(${lockKey})`)
      for (const schema of await schemasToWrite(unit))
        await unit.query(
          `delete from ${schema}.${table} as v using unnest($1::bigint[], $2::int[]) as k(id, version)
           where v.${key} = k.id and v.version < k.version`,
          [versions.map(({ id }) => id), versions.map(({ version }) => version)],
        )
    })
  }
}
