import fc from 'fast-check'

/** What the random sequences do. Users, products and orders are named by their place in the run. */
export type Command =
  | {
      readonly kind: 'place'
      readonly user: number
      readonly items: readonly { readonly product: number; readonly quantity: number }[]
    }
  | { readonly kind: 'cancel' | 'payByCard' | 'payByOtherMeans'; readonly order: number }
  | { readonly kind: 'setStock'; readonly product: number; readonly quantity: number }
  | { readonly kind: 'adjust'; readonly operation: '+' | '-'; readonly product: number; readonly quantity: number }

/** Prices in cents of the products of a run, and the users: the last one is on credit hold. */
export const prices = [100, 5_999, 1] as const
export const users = 3
/** The stock that each product begins with. */
export const firstLevel = 15
const onHold = users - 1

const product = fc.nat(prices.length - 1)
const quantity = fc.integer({ min: 1, max: 6 })
const order = fc.nat(30)
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('place' as const),
      user: fc.nat(users - 1),
      items: fc.array(fc.record({ product, quantity }), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'payByCard' as const, 'payByOtherMeans' as const), order }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('setStock' as const), product, quantity: fc.nat(12) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('adjust' as const),
      operation: fc.constantFrom('+' as const, '-' as const),
      product,
      quantity,
    }),
  },
)
export const commands = fc.array(command, { minLength: 5, maxLength: 40, size: 'max' })

/** A sequence that meets every answer that there is. */
export const everyAnswer: readonly Command[] = [
  { kind: 'setStock', product: 0, quantity: 5 },
  { kind: 'adjust', operation: '+', product: 0, quantity: 1 },
  { kind: 'adjust', operation: '-', product: 0, quantity: 7 },
  { kind: 'place', user: 0, items: [{ product: 0, quantity: 1 }] },
  { kind: 'cancel', order: 0 },
  { kind: 'cancel', order: 0 },
  { kind: 'payByCard', order: 0 },
  { kind: 'place', user: 0, items: [{ product: 0, quantity: 1 }] },
  { kind: 'payByOtherMeans', order: 1 },
  { kind: 'cancel', order: 1 },
]

export interface ModelOrder {
  readonly user: number
  readonly lines: ReadonlyMap<number, number>
  readonly total: number
  status: 'PLACED' | 'PAID' | 'CANCELLED'
  reason: string | null
  /** Null: it never came to a payment. */
  payment: 'OPEN' | 'PAID' | 'CLOSED' | null
}

/** What the store must do, as simply as it can be said: one thing after the other. */
export class StoreModel {
  readonly levels: number[] = prices.map(() => firstLevel)
  readonly orders: ModelOrder[] = []

  /** Does it, and says with which status the store answers; undefined when there is nothing to do it to. */
  run(command: Command): number | undefined {
    switch (command.kind) {
      case 'place':
        return this.#place(command.user, command.items)
      case 'cancel':
        return this.#cancel(this.at(command.order))
      case 'payByCard':
      case 'payByOtherMeans':
        return this.#pay(this.at(command.order))
      case 'setStock':
        this.levels[command.product] = command.quantity
        return 201
      case 'adjust': {
        const level = this.#level(command.product) + (command.operation === '+' ? command.quantity : -command.quantity)
        if (level < 0) return 409
        this.levels[command.product] = level
        return 200
      }
      default:
        return command satisfies never
    }
  }

  /** The order that a command means; undefined when there is none yet. */
  at(order: number): ModelOrder | undefined {
    return this.orders[order % Math.max(1, this.orders.length)]
  }

  /** What users spent and what was sold on orders that stand. */
  reports(): { spending: Map<number, number>; sold: Map<number, number> } {
    const spending = new Map<number, number>()
    const sold = new Map<number, number>()
    for (const { user, lines, total } of this.orders.filter(({ status }) => status !== 'CANCELLED')) {
      spending.set(user, (spending.get(user) ?? 0) + total)
      for (const [product, quantity] of lines) sold.set(product, (sold.get(product) ?? 0) + quantity)
    }
    return { spending, sold }
  }

  #place(user: number, items: readonly { readonly product: number; readonly quantity: number }[]): number {
    const lines = new Map<number, number>()
    for (const { product, quantity } of items) lines.set(product, (lines.get(product) ?? 0) + quantity)
    const total = [...lines].reduce((sum, [product, quantity]) => sum + quantity * (prices[product] ?? 0), 0)
    const inStock = [...lines].every(([product, quantity]) => this.#level(product) >= quantity)
    const reason = inStock ? (user === onHold ? 'on_hold' : null) : 'out_of_stock'
    if (reason === null) this.#move(lines, -1)
    this.orders.push({
      user,
      lines,
      total,
      status: reason === null ? 'PLACED' : 'CANCELLED',
      reason,
      payment: reason === null ? 'OPEN' : null,
    })
    return 201
  }

  #cancel(order: ModelOrder | undefined): number | undefined {
    if (order?.status !== 'PLACED') return order && (order.status === 'PAID' ? 409 : 404)
    this.#move(order.lines, 1)
    Object.assign(order, { status: 'CANCELLED', reason: 'cancelled', payment: 'CLOSED' })
    return 200
  }

  #pay(order: ModelOrder | undefined): number | undefined {
    if (order?.payment == null) return undefined
    if (order.payment === 'CLOSED') return 409
    Object.assign(order, { status: 'PAID', payment: 'PAID' })
    return 200
  }

  #level(product: number): number {
    return this.levels[product] ?? 0
  }

  #move(lines: ReadonlyMap<number, number>, sign: 1 | -1): void {
    for (const [product, quantity] of lines) this.levels[product] = this.#level(product) + sign * quantity
  }
}
