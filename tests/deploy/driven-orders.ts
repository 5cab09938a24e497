import { setTimeout as pause } from 'node:timers/promises'
import { Acknowledged, type OrderRequest } from '../crash/acknowledged.ts'
import { MortalClient } from '../crash/client.ts'
import { throughGateway } from '../crash/load.ts'
import type { Random } from '../crash/random.ts'
import type { Answer } from '../kit/client.ts'
import { userOnHold } from '../kit/shop.ts'

/** Between two requests for the same order, in milliseconds. */
const repeatMs = 100

/** Orders that the orchestrators drive. Each has a key, under which it is sent until somebody tells its end. */
export class DrivenOrders {
  readonly acknowledged = new Acknowledged()
  /** Answers that no client may get. */
  readonly surprises: string[] = []
  readonly #random: Random
  #sent = 0
  #stopped = false

  constructor(random: Random) {
    this.#random = random
  }

  /** Works with so many connections until `stop` is called and the last order has ended. */
  async run(url: string, connections: number): Promise<void> {
    const client = new MortalClient(url)
    const work = async () => {
      while (!this.#stopped) await this.#place(client)
    }
    await Promise.all(Array.from({ length: connections }, work))
  }

  stop(): void {
    this.#stopped = true
  }

  async #place(client: MortalClient): Promise<void> {
    this.#sent += 1
    const headers = { 'idempotency-key': `driven-${this.#sent}` }
    const user_id = this.#random.next() > 0.8 ? userOnHold : this.#random.between(1, 3)
    const order = { user_id, items: [{ product_id: this.#random.one([1, 2, 5, 6]), quantity: 1 }] }
    const send = () => throughGateway(client.send('POST', '/saga-api/saga/order', order, headers))
    while (!this.#isEnd(await send(), order)) await pause(repeatMs)
  }

  /** Whether that is the last answer to the order. */
  #isEnd(answer: Answer | undefined, order: OrderRequest): boolean {
    if (!answer || answer.status === 202) return false
    const { order_id, state } = answer.json<{ order_id?: number; state?: string }>()
    const isCancelled = answer.status === 409 && state === 'CANCELLED'
    // Another one under the key: the request before, whose answer was lost, is in hand.
    if (answer.status === 409 && !isCancelled) return false
    if (answer.status !== 200 && !isCancelled) this.surprises.push(`POST /saga/order answered ${answer.status}: ${answer.text}`)
    else if (order_id !== undefined) {
      this.acknowledged.orders.set(order_id, { ...order, key: undefined })
      if (isCancelled) this.acknowledged.cancelled.add(order_id)
    }
    return true
  }
}
