import type { Queryable } from '@comptoir/runtime'
import fc from 'fast-check'

/** What somebody wants to order. What becomes of it does not depend on what others order at the same time. */
export interface Wish {
  readonly user: 'good' | 'on hold' | 'unknown'
  readonly lines: readonly { readonly product: keyof typeof range; readonly quantity: number }[]
}

/** The products: price in minor units, and stock. Of the scarce one nobody gets any, because everybody wants too many. */
const range = {
  cheap: { price: 250, stock: 10_000, quantities: { min: 1, max: 5 } },
  fair: { price: 5_999, stock: 10_000, quantities: { min: 1, max: 3 } },
  scarce: { price: 100, stock: 3, quantities: { min: 4, max: 6 } },
  dear: { price: 60_000, stock: 10_000, quantities: { min: 1, max: 2 } },
  unknown: { price: 0, stock: 0, quantities: { min: 1, max: 1 } },
} as const
const sold = ['cheap', 'fair', 'scarce', 'dear'] as const
/** The largest payment that is not refused: two of the dear ones are too much. */
export const ceiling = 100_000
const unknownId = 2_000_000_000

const line = (product: keyof typeof range) =>
  fc.record({ product: fc.constant(product), quantity: fc.integer(range[product].quantities) })
export const wish: fc.Arbitrary<Wish> = fc.record({
  user: fc.oneof({ weight: 6, arbitrary: fc.constant('good' as const) }, fc.constantFrom('on hold' as const, 'unknown' as const)),
  lines: fc
    .tuple(
      fc.constantFrom('cheap' as const, 'fair' as const).chain(line),
      fc.option(fc.oneof({ weight: 3, arbitrary: line('dear') }, { weight: 2, arbitrary: line('scarce') }, line('unknown')), {
        nil: undefined,
        freq: 2,
      }),
    )
    .map(([first, second]) => (second ? [first, second] : [first])),
})

/** Users and products of one run, in one store. */
export interface Cast {
  readonly users: Readonly<Record<Wish['user'], number>>
  readonly products: Readonly<Record<keyof typeof range, number>>
}

let casts = 0

export async function newCast(db: Queryable): Promise<Cast> {
  casts += 1
  const number = casts
  const users = await db.query<{ id: number }>(
    `insert into store.users (name, email, email_key) select name, name || '@example.com', name || '@example.com'
     from unnest($1::text[]) as name returning id`,
    [['good', 'hold'].map((name) => `${name}-${number}`)],
  )
  const [good = 0, hold = 0] = users.map(({ id }) => id)
  await db.query('insert into payments.holds (user_id) values ($1)', [hold])
  const products = await db.query<{ id: number }>(
    `insert into store.products (name, sku, price) select name, name, price from unnest($1::text[], $2::bigint[]) as p(name, price) returning id`,
    [sold.map((name) => `${name}-${number}`), sold.map((name) => range[name].price)],
  )
  const ids = products.map(({ id }) => id)
  await db.query(
    `with stocked as (insert into store.stocks (product_id, quantity) select * from unnest($1::int[], $2::int[]) returning product_id, quantity)
     insert into store.stock_ledger (product_id, kind, delta) select product_id, 'set', quantity from stocked`,
    [ids, sold.map((name) => range[name].stock)],
  )
  const [cheap = 0, fair = 0, scarce = 0, dear = 0] = ids
  return {
    users: { good, 'on hold': hold, unknown: unknownId },
    products: { cheap, fair, scarce, dear, unknown: unknownId },
  }
}

/** The input of a wish's saga. */
export const inputOf = ({ users, products }: Cast, { user, lines }: Wish) => ({
  user_id: users[user],
  items: lines.map(({ product, quantity }) => ({ product_id: products[product], quantity })),
})

/** What has become of wishes: the same in every style. */
export interface Results {
  readonly sagas: readonly (string | null)[][]
  readonly orders: readonly (string | number | null)[][]
  readonly stock: readonly number[]
}

/** @param ids of the wishes' sagas, in their order */
export async function resultsOf(db: Queryable, { products }: Cast, ids: readonly string[]): Promise<Results> {
  const sagas = await db.query<{ id: string; outcome: string | null; cause_step: string | null; reason: string | null }>(
    `select id, outcome, cause_step, reason from store.saga where id = any($1::uuid[])
     union all select id, outcome, cause_step, reason from orchestrator.saga where id = any($1::uuid[])`,
    [ids],
  )
  const orders = await db.query<{
    saga_id: string
    status: string
    reason: string | null
    total: number
    payment: string | null
    paid: number | null
    linked: boolean
  }>(
    `select o.saga_id, o.status, o.reason, o.total, p.status as payment, p.total as paid, o.payment_id is not distinct from p.id as linked
     from store.orders as o left join payments.payments as p on p.order_id = o.id and p.total is not null where o.saga_id = any($1::uuid[])`,
    [ids],
  )
  const sagaOf = new Map(sagas.map((saga) => [saga.id, saga]))
  const orderOf = new Map(orders.map((order) => [order.saga_id, order]))
  const levels = await db.query<{ quantity: number }>(
    'select quantity from store.stocks where product_id = any($1::int[]) order by product_id',
    [sold.map((name) => products[name])],
  )
  return {
    sagas: ids.map((id) => [sagaOf.get(id)?.outcome ?? null, sagaOf.get(id)?.cause_step ?? null, sagaOf.get(id)?.reason ?? null]),
    orders: ids.map((id) => {
      const order = orderOf.get(id)
      return order
        ? [order.status, order.reason, order.total, order.payment, order.paid, order.linked ? 'linked' : 'not linked']
        : []
    }),
    stock: levels.map(({ quantity }) => quantity),
  }
}
