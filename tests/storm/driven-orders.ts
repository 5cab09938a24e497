import { setTimeout as pause } from 'node:timers/promises'
import { Acknowledged, type OrderRequest } from '../crash/acknowledged.ts'
import { MortalClient } from '../crash/client.ts'
import { throughGateway } from '../crash/load.ts'
import type { Pace } from '../crash/pace.ts'
import type { Random } from '../crash/random.ts'
import type { Answer } from '../kit/client.ts'
import { userOnHold } from '../kit/shop.ts'

/** Between two requests for the same order, in milliseconds. */
const repeatMs = 100

/** Orders that the orchestrators drive, by calls and over messages. Each has a key, under which it is sent until somebody tells its end. */
export class DrivenOrders {
  readonly acknowledged = new Acknowledged()
  /** Answers that no client may get. */
  readonly surprises: string[] = []
  readonly #random: Random
  readonly #pace: Pace
  #sent = 0
  #stopped = false

  constructor(random: Random, pace: Pace) {
    this.#random = random
    this.#pace = pace
  }

  /**
   * Works with so many connections until `stop` is called and the last order has ended.
   *
   * @param url where an orchestrator is just now
   */
  async run(url: () => string, connections: number): Promise<void> {
    const work = async () => {
      while (!this.#stopped) await this.#place(url)
    }
    await Promise.all(Array.from({ length: connections }, work))
  }

  stop(): void {
    this.#stopped = true
  }

  async #place(url: () => string): Promise<void> {
    this.#sent += 1
    const key = { 'idempotency-key': `driven-${this.#sent}` }
    const user_id = this.#random.next() > 0.8 ? userOnHold : this.#random.between(1, 3)
    const order = { user_id, items: [{ product_id: this.#random.one([1, 2, 5, 6]), quantity: 1 }] }
    // Over messages: whoever began it so waits for its end like the others.
    let prefer: Record<string, string> = this.#random.next() < 0.5 ? { prefer: 'respond-async' } : {}
    await this.#pace.turn()
    for (;;) {
      const client = new MortalClient(url())
      const answer = await throughGateway(client.send('POST', '/saga-api/saga/order', order, { ...key, ...prefer }))
      if (this.#isEnd(answer, order)) return
      if (answer?.status === 202) prefer = {}
      await pause(repeatMs)
    }
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
