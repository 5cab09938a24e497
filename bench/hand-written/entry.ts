import type { LoadOrder } from '../saga-system.ts'
import { batchLimit } from './batch.ts'
import { type Outgoing, writeInbox, writeOutbox } from './messages.ts'
import type { Run, Session } from './session.ts'

interface NewOrder extends LoadOrder {
  readonly saga: string
}

/** Begins sagas in a group commit. */
export class Entry {
  readonly #idle: Session[]
  readonly #prices: ReadonlyMap<number, number>
  readonly #committed: (outgoing: readonly Outgoing[]) => void
  #queue: NewOrder[] = []

  constructor(
    sessions: readonly Session[],
    prices: ReadonlyMap<number, number>,
    committed: (outgoing: readonly Outgoing[]) => void,
  ) {
    this.#idle = [...sessions]
    this.#prices = prices
    this.#committed = committed
  }

  /** Begins a saga some time soon. @throws what the database throws, for whoever finds a session idle */
  async begin(order: NewOrder): Promise<void> {
    this.#queue.push(order)
    // Everything that is placed in this turn belongs to one group.
    await Promise.resolve()
    await this.#flush()
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0) {
      const session = this.#idle.pop()
      if (!session) return
      const group = this.#queue.splice(0, batchLimit)
      let outgoing: Outgoing[] = []
      await session.transaction(async (run) => {
        outgoing = await this.#write(run, group)
      })
      this.#idle.push(session)
      this.#committed(outgoing)
    }
  }

  async #write(run: Run, group: readonly NewOrder[]): Promise<Outgoing[]> {
    const sagas = group.map(({ saga }) => saga)
    const totals = group.map(({ items }) => items.reduce((sum, item) => sum + this.#price(item.product_id) * item.quantity, 0))
    const rows = await run(
      `insert into s.orders (saga, user_id, total, status) select saga, user_id, total, 'PENDING'
       from unnest($1::uuid[], $2::int[], $3::bigint[]) as o(saga, user_id, total) returning id`,
      [sagas, group.map(({ user_id }) => user_id), totals],
    )
    const orders = group.map((order, index) => ({ ...order, order_id: Number(rows[index]?.id), total: totals[index] ?? 0 }))
    const lines = orders.flatMap(({ order_id, items }) => items.map((item) => ({ order_id, ...item })))
    await run('insert into s.order_items select * from unnest($1::bigint[], $2::int[], $3::int[], $4::bigint[])', [
      lines.map(({ order_id }) => order_id),
      lines.map(({ product_id }) => product_id),
      lines.map(({ quantity }) => quantity),
      lines.map(({ product_id }) => this.#price(product_id)),
    ])
    await writeInbox(run, 's', sagas, 'createOrder')
    const outgoing = orders.map(({ saga, ...body }): Outgoing => ({ mailbox: 's', saga, name: 'OrderCreated', body }))
    await writeOutbox(run, 's', outgoing)
    return outgoing
  }

  #price(product: number): number {
    return this.#prices.get(product) ?? 0
  }
}
