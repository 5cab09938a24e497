import { type Line, userOnHold } from '../kit/shop.ts'
import { Acknowledged, type OrderRequest } from './acknowledged.ts'
import { MortalClient } from './client.ts'
import type { Random } from './random.ts'

const plenty = [1, 2, 5, 6]
/** Two in stock, and nobody adds any. */
const scarce: Line = { product_id: 3, quantity: 3 }

/** Orders with a key each that are placed by the orchestrator of a store which is killed under them. */
export class SagaLoad {
  readonly acknowledged = new Acknowledged()
  /** Answers that no client may get. */
  readonly surprises: string[] = []
  /** Answers that said how an order has ended. */
  ended = 0
  readonly #random: Random
  readonly #prefer: Record<string, string>
  #doubtful: { readonly key: string; readonly order: OrderRequest }[] = []
  #sent = 0
  #stopped = false

  /** @param prefer the `Prefer` of every order; without it they are driven by calls */
  constructor(random: Random, prefer?: string) {
    this.#random = random
    this.#prefer = prefer === undefined ? {} : { prefer }
  }

  /** Orders that were sent. */
  get begun(): number {
    return this.#sent
  }

  /** Works with so many connections until the process is gone, or `stop` is called. */
  async run(url: string, connections: number): Promise<void> {
    const client = new MortalClient(url)
    this.#stopped = false
    const work = async () => {
      while (!this.#stopped && (await this.#place(client, this.#next(), this.#prefer)));
    }
    await Promise.all(Array.from({ length: connections }, work))
  }

  /** Lets every client finish what it does. */
  stop(): void {
    this.#stopped = true
  }

  /** Sends again what was never answered, under its keys, and waits for the ends. */
  async settle(url: string): Promise<void> {
    const client = new MortalClient(url)
    for (const attempt of this.#doubtful.splice(0)) await this.#place(client, attempt, { prefer: 'wait=10' })
  }

  #next() {
    const dice = this.#random.next()
    const line = { product_id: this.#random.one(plenty), quantity: this.#random.between(1, 2) }
    this.#sent += 1
    const order = { user_id: dice > 0.8 ? userOnHold : this.#random.between(1, 3), items: [dice < 0.2 ? scarce : line] }
    return { key: `saga-${this.#sent}`, order }
  }

  /** Answers false when the process is gone. */
  async #place(
    client: MortalClient,
    attempt: { key: string; order: OrderRequest },
    prefer: Record<string, string>,
  ): Promise<boolean> {
    const headers = { 'idempotency-key': attempt.key, ...prefer }
    const answer = await client.send('POST', '/saga-api/saga/order', attempt.order, headers)
    if (!answer) {
      this.#doubtful.push(attempt)
      return false
    }
    const { order_id, state } = answer.json<{ order_id?: number; state?: string }>()
    const isEnd = answer.status === 200 || (answer.status === 409 && state === 'CANCELLED')
    if (isEnd && order_id !== undefined) {
      this.ended += 1
      this.acknowledged.orders.set(order_id, { ...attempt.order, key: undefined })
      if (answer.status === 409) this.acknowledged.cancelled.add(order_id)
    } else if (answer.status !== 202) this.surprises.push(`POST /saga/order answered ${answer.status}: ${answer.text}`)
    // Accepted only: it is asked for the end later.
    else this.#doubtful.push(attempt)
    return true
  }
}
