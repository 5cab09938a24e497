import { projectedSignal, type Signals, type Work } from '@comptoir/runtime'
import type { Order } from './orders/order.ts'
import { ordersShown } from './orders/queries.ts'
import type { ReadYourWrites, WrittenVersion } from './read-your-writes.ts'

/** After this time an entry that the read model has not brought up to date is dropped from it. */
const patienceMs = 500
/** Without a signal, look this often. */
const pollMs = 20

interface Waiter {
  readonly id: number
  /** Whether what the read model shows is what this one waits for; undefined: the row is not there. */
  readonly test: (row: Shown | undefined) => boolean
  readonly resolve: (row: Shown | undefined) => void
}
type Kind = 'stock' | 'order'
type Shown = { readonly version: number } & Partial<Order>

/** Requests that wait for the read model: all of them together ask it one question per look, and only while any waits. */
export class ReadWaits implements ReadYourWrites {
  readonly #work: Work
  readonly #signals: Signals
  readonly #waiting: Readonly<Record<Kind, Set<Waiter>>> = { stock: new Set(), order: new Set() }
  readonly #looking = new Set<Kind>()

  constructor(work: Work, signals: Signals) {
    this.#work = work
    this.#signals = signals
  }

  async reached(kind: Kind, versions: readonly WrittenVersion[]): Promise<void> {
    const reached = await Promise.all(
      versions.map(({ id, version }) => this.#wait(kind, id, patienceMs, (row) => row !== undefined && row.version >= version)),
    )
    const late = versions.filter((_, index) => reached[index] === undefined).map(({ id }) => id)
    if (late.length === 0) return
    const dropping =
      kind === 'stock'
        ? `delete from store_view.stock where product_id = any($1)`
        : `delete from store_view.orders where order_id = any($1)`
    await this.#work.query(dropping, [late])
  }

  /** The order as soon as the read model shows it so, or undefined after `ms` milliseconds. */
  async order(id: number, ms: number, test: (order: Order) => boolean): Promise<Order | undefined> {
    return (await this.#wait('order', id, ms, (row) => row !== undefined && test(row as Order))) as Order | undefined
  }

  #wait(kind: Kind, id: number, ms: number, test: Waiter['test']): Promise<Shown | undefined> {
    return new Promise((resolve) => {
      const finish = (row: Shown | undefined) => {
        clearTimeout(timer)
        this.#waiting[kind].delete(waiter)
        resolve(row)
      }
      const timer = setTimeout(() => finish(undefined), ms)
      const waiter: Waiter = { id, test, resolve: finish }
      this.#waiting[kind].add(waiter)
      if (!this.#looking.has(kind)) void this.#look(kind)
    })
  }

  async #look(kind: Kind): Promise<void> {
    this.#looking.add(kind)
    const waiting = this.#waiting[kind]
    const signal = projectedSignal(this.#work.name)
    while (waiting.size > 0) {
      const seen = this.#signals.seen(signal)
      const ids = [...new Set([...waiting].map((waiter) => waiter.id))]
      const rows = await this.#read(kind, ids).catch(() => new Map<number, Shown>())
      for (const waiter of [...waiting]) {
        const row = rows.get(waiter.id)
        if (waiter.test(row)) waiter.resolve(row)
      }
      if (waiting.size > 0) await this.#signals.wait(signal, seen, pollMs)
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
}
