import { eventually } from '../../../packages/runtime/src/testing/eventually.ts'
import type { OrderStatus } from './orders/order.ts'
import type { Counter, ReadingShop } from './reading-shop.fixture.ts'

const stages: readonly OrderStatus[] = ['PENDING', 'PLACED', 'CANCELLING', 'CANCELLED']
/** Acknowledgements and reads that show that it goes on. */
const someAcknowledged = 6
export const someReads = 100

/** Clients of two instances that write and read stock and orders, and note whatever is wrong. */
export class ReadingLoad {
  readonly faults: string[] = []
  acknowledged = 0
  reads = 0
  protected readonly counters: readonly [Counter, Counter]
  readonly #shop: ReadingShop
  /** What was acknowledged to its writer, and whoever reads later must find. */
  readonly #levels = new Map<number, number>()
  protected readonly orders = new Map<number, number>()
  #running = true
  #clients: Promise<unknown> = Promise.resolve()

  constructor(shop: ReadingShop, counters: readonly [Counter, Counter]) {
    this.#shop = shop
    this.counters = counters
  }

  /** Lets the clients begin. */
  start(): this {
    const [first, second] = this.counters
    this.#clients = Promise.all([
      this.#setLevels(1, first),
      this.#setLevels(2, second),
      this.#moveOrders(first),
      this.#moveOrders(second),
      ...this.counters.flatMap((counter) => [this.#session(counter), this.#session(counter)]),
    ])
    return this
  }

  /** Resolves when a good deal more was acknowledged and read. */
  async progress(): Promise<void> {
    const [acknowledged, reads] = [this.acknowledged + someAcknowledged, this.reads + someReads]
    await eventually(() => this.faults.length > 0 || (this.acknowledged >= acknowledged && this.reads >= reads), 30_000)
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#clients
  }

  async #setLevels(product_id: number, { app }: Counter): Promise<void> {
    for (let quantity = 2_000; this.#running; quantity += 1) {
      const { statusCode } = await app.inject({ method: 'POST', url: '/stocks', payload: { product_id, quantity } })
      this.#check(statusCode === 201, `setting a level is ${statusCode}`)
      this.acknowledged += 1
      this.#levels.set(product_id, quantity)
      await Promise.all(this.counters.map((counter) => this.#level(counter, product_id)))
    }
  }

  async #moveOrders(counter: Counter): Promise<void> {
    while (this.#running) {
      const id = await this.#shop.place()
      this.orders.set(id, 0)
      for (const [stage, status] of stages.entries()) {
        if (stage === 0) continue
        await this.#shop.bring(id, status)
        const found = await counter.waits.order(id, 5_000, (order) => order.status === status)
        this.#check(found?.status === status, `waiting for ${status} ended with ${found?.status}`)
        this.acknowledged += 1
        this.orders.set(id, stage)
        await Promise.all(this.counters.map((other) => this.#stage(other, id)))
      }
    }
  }

  /** Of one instance: never goes back. */
  async #session(counter: Counter): Promise<void> {
    const held = new Map<string, number>()
    const hold = (name: string, value: number) => {
      const before = held.get(name) ?? 0
      this.#check(value >= before, `${name} went back from ${before} to ${value}`)
      held.set(name, value)
    }
    while (this.#running) {
      for (const product of [1, 2]) hold(`level of ${product}`, await this.#level(counter, product))
      for (const id of [...this.orders.keys()].slice(-3)) hold(`order ${id}`, await this.#stage(counter, id))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async #level({ app }: Counter, product: number): Promise<number> {
    const atLeast = this.#levels.get(product) ?? 0
    const answer = await app.inject(`/stocks/${product}`)
    const { quantity } = answer.json<{ quantity: number }>()
    this.#check(answer.statusCode === 200 && quantity >= atLeast, `level ${answer.body} instead of ${atLeast}`)
    this.reads += 1
    return quantity
  }

  async #stage({ app }: Counter, id: number): Promise<number> {
    const atLeast = this.orders.get(id) ?? 0
    const answer = await app.inject(`/orders/${id}`)
    const stage = stages.indexOf(answer.json<{ status: OrderStatus }>().status)
    this.#check(answer.statusCode === 200 && stage >= atLeast, `order ${answer.body} instead of ${stages[atLeast]}`)
    this.reads += 1
    return stage
  }

  #check(right: boolean, fault: string): void {
    if (!right && this.faults.length < 10) this.faults.push(fault)
  }
}
