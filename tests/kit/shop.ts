import { expect } from 'vitest'
import { type Answer, Client } from './client.ts'
import { until } from './wait.ts'

/** The card that old clients send; it always pays. */
export const sampleCard = { cardNumber: 9999999999999, cardCode: 123, expirationDate: '2030-01-05' }

/** The one user of the demo data whose orders are refused at payment. */
export const userOnHold = 4

export interface Line {
  readonly product_id: number
  readonly quantity: number
}

export interface Order {
  readonly order_id: number
  readonly user_id: number
  readonly total_amount: number
  readonly items: readonly (Line & { readonly unit_price: number })[]
  readonly payment_link: string
  readonly is_paid: boolean
  readonly status: string
  readonly reason: string | null
  readonly saga_id: string
  readonly created_at: string
}

/** The errands that many tests run before they come to their own. */
export class Shop extends Client {
  /** Places an order; answers its id as soon as it is accepted. */
  async accept(items: readonly Line[], user_id = 1): Promise<number> {
    const answer = await this.post('/store-api/orders', { user_id, items })
    expect(answer.status, answer.text).toBe(201)
    return answer.json<{ order_id: number }>().order_id
  }

  /** Places an order and waits for the end of its saga. */
  async placed(items: readonly Line[], user_id = 1): Promise<Order> {
    const answer = await this.post('/store-api/orders', { user_id, items }, { prefer: 'wait=20' })
    expect(answer.status, answer.text).toBe(201)
    return this.order(answer.json<{ order_id: number }>().order_id)
  }

  async order(id: number): Promise<Order> {
    return (await this.get(`/store-api/orders/${id}`)).json<Order>()
  }

  /** The order as soon as its saga has ended. */
  orderAtRest(id: number): Promise<Order> {
    return until(`the end of order ${id}`, async () => {
      const order = await this.order(id)
      return order.status !== 'PENDING' && order.status !== 'CANCELLING' && order
    })
  }

  /** Pays at the order's payment link. */
  pay({ payment_link }: Order, card: unknown = sampleCard): Promise<Answer> {
    return this.post(new URL(payment_link).pathname, card)
  }

  async stock(product: number): Promise<number> {
    return (await this.get(`/store-api/stocks/${product}`)).json<{ quantity: number }>().quantity
  }

  /** A product of its own for one test, with a level of stock. */
  async product({ price = 10, stock }: { readonly price?: number; readonly stock?: number } = {}): Promise<number> {
    const sku = `TEST-${crypto.randomUUID()}`
    const answer = await this.post('/store-api/products', { name: 'A product of a test', sku, price })
    const { product_id } = answer.json<{ product_id: number }>()
    if (stock !== undefined) expect((await this.post('/store-api/stocks', { product_id, quantity: stock })).status).toBe(201)
    return product_id
  }

  /** A user of its own for one test. */
  async user(): Promise<number> {
    const email = `${crypto.randomUUID()}@example.com`
    return (await this.post('/store-api/users', { name: 'A user of a test', email })).json<{ user_id: number }>().user_id
  }
}
