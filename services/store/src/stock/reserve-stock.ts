import type { cancelOrder, placeOrder } from '@comptoir/contracts'
import type { Handler, Unit } from '@comptoir/runtime'
import { done, failed, type StepsOf } from '@comptoir/saga'
import type { OrderLine } from '../orders/order.ts'

/** The rows of stock that handlers lock. */
export const stockLock = { table: 'store.stocks', key: 'product_id', type: 'int', columns: ['quantity'] } as const

const productsOf = (tasks: readonly { readonly data: { readonly input: { readonly items: readonly OrderLine[] } } }[]) => ({
  stocks: tasks.flatMap((task) => task.data.input.items.map((item) => item.product_id)),
})

/** decreaseStock: takes the lines of each order from stock, all or none, first come first served; its undo returns them. */
export const decreaseStock: Handler<StepsOf<typeof placeOrder>['decreaseStock']> = {
  locks: productsOf,
  async do(unit, tasks) {
    const left = new Map([...unit.locked<{ quantity: number }>('stocks')].map(([id, row]) => [Number(id), row.quantity]))
    const taken = new Map<number, number>()
    const entries: { order: number; product: number; quantity: number }[] = []
    const outcomes = tasks.map((task) => {
      const { items } = task.data.input
      if (!items.every((item) => (left.get(item.product_id) ?? 0) >= item.quantity)) return failed('out_of_stock')
      for (const { product_id, quantity } of items) {
        left.set(product_id, (left.get(product_id) ?? 0) - quantity)
        taken.set(product_id, (taken.get(product_id) ?? 0) - quantity)
        entries.push({ order: task.data.createOrder.order_id, product: product_id, quantity: -quantity })
      }
      return done({})
    })
    if (entries.length > 0) {
      enter(unit, 'reserved', entries)
      move(unit, taken)
    }
    return outcomes
  },
  async undo(unit, undos) {
    await release(
      unit,
      undos.map((undo) => undo.data.createOrder.order_id),
    )
  },
}

/** returnStock: a cancelled order gives its stock back. */
export const returnStock: Handler<StepsOf<typeof cancelOrder>['returnStock']> = {
  locks: productsOf,
  async do(unit, tasks) {
    await release(
      unit,
      tasks.map((task) => task.data.input.order_id),
    )
    return tasks.map(() => done({}))
  },
}

/** Returns what these orders reserved. The ledger lets each reservation be released once, whoever asks. */
async function release(unit: Unit, orders: readonly number[]): Promise<void> {
  const rows = await unit.query<{ product_id: number; delta: number }>(
    `insert into store.stock_ledger (order_id, product_id, kind, delta)
     select order_id, product_id, 'released', -delta from store.stock_ledger where order_id = any($1::bigint[]) and kind = 'reserved'
     order by order_id, product_id
     on conflict on constraint stock_ledger_once do nothing
     returning product_id, delta`,
    [orders],
  )
  const returned = new Map<number, number>()
  for (const { product_id, delta } of rows) returned.set(product_id, (returned.get(product_id) ?? 0) + delta)
  if (returned.size > 0) move(unit, returned)
}

function enter(unit: Unit, kind: string, entries: readonly { order: number; product: number; quantity: number }[]): void {
  unit.write(
    `insert into store.stock_ledger (order_id, product_id, kind, delta) select o, p, $1, d from unnest($2::bigint[], $3::int[], $4::bigint[]) as e(o, p, d)`,
    [kind, entries.map((entry) => entry.order), entries.map((entry) => entry.product), entries.map((entry) => entry.quantity)],
  )
}

/** Moves levels whose rows are locked. The table's check is the last word: no level goes below zero. */
function move(unit: Unit, deltas: ReadonlyMap<number, number>): void {
  unit.changed('stock', deltas.keys())
  unit.write(
    `update store.stocks as s set quantity = s.quantity + m.delta, version = s.version + 1
     from unnest($1::int[], $2::bigint[]) as m(product_id, delta) where s.product_id = m.product_id`,
    [[...deltas.keys()], [...deltas.values()]],
  )
}
