import { PaymentProcessed } from '@comptoir/contracts'
import type { Queryable, Unit } from '@comptoir/runtime'

/** OPEN: can be paid. PAID and CLOSED (given up) are final; the row decides which of the two. */
export type PaymentStatus = 'OPEN' | 'PAID' | 'CLOSED'

export interface Payment {
  readonly id: number
  readonly order_id: number
  readonly user_id: number
  /** Minor units. */
  readonly total: number
  readonly status: PaymentStatus
  /** The key of its events: the order's saga. */
  readonly key: string
}
export interface PaymentWish {
  readonly order: number
  readonly user: number
  readonly total: number
  readonly key: string
}

const columns = 'id, order_id, user_id, total, status, key'

/**
 * Opens a payment for each order that has none. Answers the payment of each order: the one that was there already counts
 * when it is of the same user and amount and not closed; an order whose payment differs is missing from the answer.
 */
export async function openPayments(unit: Unit, wishes: readonly PaymentWish[]): Promise<ReadonlyMap<number, number>> {
  if (wishes.length === 0) return new Map()
  const sorted = [...wishes].sort((a, b) => a.order - b.order)
  const orders = sorted.map((wish) => wish.order)
  const rows = await unit.query<{ id: number; order_id: number }>(
    `insert into payments.payments (order_id, user_id, total, status, key)
     select o, u, t, 'OPEN', k from unnest($1::bigint[], $2::int[], $3::bigint[], $4::uuid[]) as w(o, u, t, k)
     on conflict on constraint payments_order_key do nothing
     returning id, order_id`,
    [orders, sorted.map((wish) => wish.user), sorted.map((wish) => wish.total), sorted.map((wish) => wish.key)],
  )
  const opened = new Map(rows.map((row) => [row.order_id, row.id]))
  if (opened.size === wishes.length) return opened
  const met = await paymentsOfOrders(
    unit,
    orders.filter((order) => !opened.has(order)),
  )
  for (const { order, user, total } of sorted) {
    const known = met.get(order)
    if (known && known.status !== 'CLOSED' && known.user_id === user && known.total === total) opened.set(order, known.id)
  }
  return opened
}

/** The payment rows of these orders, by order. */
export async function paymentsOfOrders(db: Queryable, orders: readonly number[]): Promise<ReadonlyMap<number, Payment>> {
  const rows = await db.query<Payment>(`select ${columns} from payments.payments where order_id = any($1::bigint[])`, [orders])
  return new Map(rows.map((row) => [row.order_id, row]))
}

/** A payment by its id. A row that only closes an order is none. */
export async function findPayment(db: Queryable, id: number): Promise<Payment | undefined> {
  const [row] = await db.query<Payment>(`select ${columns} from payments.payments where id = $1 and total is not null`, [id])
  return row
}

/** Pays the payments that are OPEN, and tells the store of each. */
export async function pay(unit: Unit, by: 'id' | 'order_id', ids: readonly number[]): Promise<readonly Payment[]> {
  const rows = await unit.query<Payment>(
    `with due as (select id as due_id from payments.payments where ${by} = any($1::bigint[]) and status = 'OPEN' order by order_id for update)
     update payments.payments set status = 'PAID' from due where id = due_id returning ${columns}`,
    [ids],
  )
  for (const { key, id, order_id } of rows)
    unit.publish({ to: PaymentProcessed.to, type: PaymentProcessed.type, key, data: { order_id, payment_id: id } })
  return rows
}

/**
 * Closes the payments of these orders, unless they are paid; an order without a payment gets a closed row, so that none can
 * be made later. Answers the status of each order's payment.
 */
export async function closePayments(
  unit: Unit,
  orders: readonly { readonly order: number; readonly key: string }[],
): Promise<ReadonlyMap<number, PaymentStatus>> {
  const sorted = [...orders].sort((a, b) => a.order - b.order)
  const rows = await unit.query<{ order_id: number; status: PaymentStatus }>(
    `insert into payments.payments as p (order_id, status, key) select o, 'CLOSED', k from unnest($1::bigint[], $2::uuid[]) as c(o, k)
     on conflict on constraint payments_order_key do update set status = case p.status when 'OPEN' then 'CLOSED' else p.status end
     returning order_id, status`,
    [sorted.map((closing) => closing.order), sorted.map((closing) => closing.key)],
  )
  return new Map(rows.map((row) => [row.order_id, row.status]))
}
