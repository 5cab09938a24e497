import { setTimeout as pause } from 'node:timers/promises'
import { vouchMs } from '@comptoir/runtime'
import type { Answer } from '../kit/client.ts'
import { type Line, sampleCard, userOnHold } from '../kit/shop.ts'
import { Acknowledged, type OrderRequest } from './acknowledged.ts'
import { MortalClient } from './client.ts'
import type { Pace } from './pace.ts'
import type { Random } from './random.ts'
import { follows, Sessions } from './sessions.ts'

/** Products that have, or are given, stock for the whole run; their adjustments are acknowledged too. */
const soldProducts = [1, 2, 5, 6, 10, 13]
/** Two in stock, and nobody adds any. */
const scarce: Line = { product_id: 3, quantity: 3 }
/** A delta names its adjustment, so that it is found again. The first ones also stock the shop. */
const firstDelta = 20_000
/** What cannot be done: a product that is not there, and more than there is of anything. */
const refusedLine: Line = { product_id: 999_999, quantity: 1 }
const refusedChange: Line = { product_id: 2, quantity: 1_000_000_000 }
/** Of so many of its last orders one is read again. */
const lastOrders = 50
/** In milliseconds: after so long nobody is shown any more what was older (decision 9). */
const certainMs = vouchMs + 50
/** Between two tries in an outage. */
const outageMs = 100
/** An instance may stand still for eight seconds, a statement take ten and a wait ten, one after the other. */
const outageHangMs = 60_000

/** An answer that comes through a gateway; undefined when nobody behind it gave one, or the client has waited long enough. */
export async function throughGateway(answer: Promise<Answer | undefined>): Promise<Answer | undefined> {
  try {
    const given = await answer
    return given && [502, 503, 504].includes(given.status) ? undefined : given
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError') return undefined
    throw error
  }
}

export interface LoadOptions {
  /** Tells it from other loads on the same store: 0, 1, … */
  readonly number?: number
  /** Whether its database may be away for a moment, so that 503 is an answer like none. */
  readonly outages?: boolean
  /**
   * Whether it lies behind a gateway: then 502 and 504 are, too, and silence, as of an instance that stands still. Its clients
   * move between instances, and what they read may go back for a moment when one of these cannot reach Redis (decision 9).
   */
  readonly gateway?: boolean
  /** What bounds its orders, and those of others; unbounded by default. */
  readonly pace?: Pace
}

interface Attempt {
  readonly key: string | undefined
  readonly order: OrderRequest
}

/**
 * Clients that do everything at once to a store that is killed under them, and remember what they were told. One run after
 * the other, each against the next process on the same data.
 */
export class Load {
  readonly acknowledged = new Acknowledged()
  /** Answers that no client may get. */
  readonly surprises: string[] = []
  /** How often an order was read older than before, and not any more a moment later. */
  wentBack = 0
  readonly #random: Random
  /** Orders that were sent and never answered. */
  #doubtful: Attempt[] = []
  #keyed: (Attempt & { readonly id: number })[] = []
  #open: number[] = []
  #last: number[] = []
  readonly #sessions = new Sessions()
  #sent = 0
  readonly #name: string
  readonly #firstDelta: number
  readonly #outages: boolean
  readonly #gateway: boolean
  readonly #pace: Pace | undefined
  #delta: number
  #client = new MortalClient('')
  #stopped = false

  constructor(random: Random, { number = 0, outages = false, gateway = false, pace }: LoadOptions = {}) {
    this.#random = random
    this.#name = number === 0 ? 'order' : `order-of-${number}`
    this.#firstDelta = firstDelta * (number + 1)
    this.#delta = this.#firstDelta
    this.#outages = outages
    this.#gateway = gateway
    this.#pace = pace
  }

  /** Works with so many connections until the process is gone, or `stop` is called. */
  async run(url: string, connections: number): Promise<void> {
    this.#client = this.#clientOf(url)
    this.#stopped = false
    const doubtful = this.#doubtful
    this.#doubtful = []
    const client = async () => {
      // First of all, what the process before left unanswered.
      for (let attempt = doubtful.pop(); attempt; attempt = doubtful.pop()) if (!(await this.#order(attempt))) return
      while (!this.#stopped) if (!(await this.#act()) && !(await this.#lives())) return
    }
    await Promise.all(Array.from({ length: connections }, client))
    this.#doubtful.push(...doubtful)
  }

  /** Behind a gateway it need not be so patient: silence is an answer there. */
  #clientOf(url: string): MortalClient {
    return this.#outages && !this.#gateway ? new MortalClient(url, outageHangMs) : new MortalClient(url)
  }

  /** Lets every client finish what it does. */
  stop(): void {
    this.#stopped = true
  }

  /** Sends the orders again that were never answered, under their keys: each is placed once. */
  async settle(url: string): Promise<void> {
    this.#client = this.#clientOf(url)
    for (let attempt = this.#doubtful.pop(); attempt; attempt = this.#doubtful.pop()) await this.#order(attempt)
  }

  /** Does one thing. Answers false when the process is gone. */
  #act(): Promise<boolean> {
    const dice = this.#random.next()
    if (dice < 0.004) return this.#rebuild()
    if (dice < 0.07 || this.#delta < this.#firstDelta + soldProducts.length) return this.#adjust()
    if (dice < 0.09) return this.#refused()
    if (dice < 0.17 && this.#last.length > 0) return this.#look(this.#random.one(this.#last)).then((seen) => seen !== undefined)
    if (dice < 0.72 || this.#open.length < 5) return this.#order(this.#attempt())
    const [order = 0] = this.#open.splice(this.#random.between(0, this.#open.length - 1), 1)
    if (dice < 0.82) return this.#pay(order)
    if (dice < 0.87) return this.#payOtherwise(order)
    if (dice < 0.95) return this.#cancel(order)
    return Promise.all([this.#pay(order), this.#cancel(order)]).then((alive) => alive.every(Boolean))
  }

  /** What came back; undefined when nothing did, or that somebody is away. */
  async #send(...request: Parameters<MortalClient['send']>): Promise<Answer | undefined> {
    if (this.#gateway) return throughGateway(this.#client.send(...request))
    const answer = await this.#client.send(...request)
    return this.#outages && answer?.status === 503 ? undefined : answer
  }

  /** Whether the process still answers, where its database may be what is away. */
  async #lives(): Promise<boolean> {
    if (!this.#outages) return false
    await pause(outageMs)
    return (await this.#client.send('GET', '/livez')) !== undefined
  }

  #attempt(): Attempt {
    const dice = this.#random.next()
    if (dice < 0.1 && this.#keyed.length > 0) return this.#random.one(this.#keyed)
    this.#sent += 1
    const key = dice < 0.6 ? `${this.#name}-${this.#sent}` : undefined
    const user_id = dice > 0.9 ? userOnHold : this.#random.between(1, 3)
    if (dice > 0.8 && dice < 0.9) return { key, order: { user_id, items: [scarce] } }
    const products = [...new Set([this.#random.one(soldProducts), this.#random.one(soldProducts)])]
    return {
      key,
      order: { user_id, items: products.map((product_id) => ({ product_id, quantity: this.#random.between(1, 2) })) },
    }
  }

  async #order(attempt: Attempt): Promise<boolean> {
    const { key, order } = attempt
    await this.#pace?.turn()
    const answer = await this.#send('POST', '/store-api/orders', order, key === undefined ? {} : { 'idempotency-key': key })
    if (!answer) {
      // Without a key nobody can tell whether it was placed: asking again would place it twice.
      if (key !== undefined) this.#doubtful.push(attempt)
      else this.acknowledged.unansweredOrders.push(order)
      return false
    }
    // 409: the same key is under way on another connection.
    if (!this.#expect(answer, 'POST /orders', key === undefined ? [201] : [201, 409]) || answer.status === 409) return true
    const id = answer.json<{ order_id: number }>().order_id
    const known = this.#keyed.find((sent) => sent.key === key)
    if (key !== undefined && known && known.id !== id) this.surprises.push(`I14: key ${key} is order ${known.id}, and now ${id}`)
    if (key !== undefined && !known) this.#keyed = [...this.#keyed.slice(-200), { ...attempt, id }]
    if (!this.acknowledged.orders.has(id)) {
      this.#open.push(id)
      this.#last = [...this.#last.slice(1 - lastOrders), id]
    }
    this.acknowledged.orders.set(id, { ...order, key })
    return true
  }

  /** Reads an order: not older than its clients knew it when they asked (I13). */
  async #look(id: number): Promise<Answer | undefined> {
    const known = this.#sessions.of(id)
    const answer = await this.#send('GET', `/store-api/orders/${id}`)
    if (!answer || !this.#expect(answer, 'GET /orders/:id', [200])) return answer
    const { status } = answer.json<{ status: string }>()
    this.#sessions.read(id, status)
    if (!follows(known.written, status))
      this.surprises.push(`I13: order ${id} is ${status}, and was acknowledged to be ${known.written}`)
    else if (!follows(known.read, status) && !(await this.#goesOn(id, known.read)))
      this.surprises.push(`I13: order ${id} is ${status}, and was read as ${known.read} before`)
    return answer
  }

  /** Reads back what was acknowledged. */
  async #wrote(id: number, status: string): Promise<boolean> {
    this.#sessions.wrote(id, status)
    return (await this.#look(id)) !== undefined
  }

  /** Whether an order that was read older than before is not any more, where that may be for a moment. */
  async #goesOn(id: number, before: string | undefined): Promise<boolean> {
    if (!this.#gateway) return false
    this.wentBack += 1
    await pause(certainMs)
    const answer = await this.#send('GET', `/store-api/orders/${id}`)
    // No answer: the next who reads it knows as much.
    return answer?.status !== 200 || follows(before, answer.json<{ status: string }>().status)
  }

  async #pay(id: number): Promise<boolean> {
    const seen = await this.#look(id)
    if (seen?.status !== 200) return seen !== undefined
    const { payment_link } = seen.json<{ payment_link: string }>()
    if (payment_link === '') return true
    const answer = await this.#send('POST', new URL(payment_link).pathname, sampleCard)
    if (!answer) return false
    if (this.#expect(answer, 'POST /payments/process/:id', [200, 409]) && answer.status === 200) this.acknowledged.paid.add(id)
    return true
  }

  async #payOtherwise(id: number): Promise<boolean> {
    const answer = await this.#send('PUT', '/store-api/orders', { order_id: id, is_paid: true })
    if (!answer) return false
    if (!this.#expect(answer, 'PUT /orders', [200, 409]) || answer.status !== 200) return true
    this.acknowledged.paid.add(id)
    // When it was PAID already, that was somebody else's write.
    return answer.json<{ updated: boolean }>().updated ? this.#wrote(id, 'PAID') : true
  }

  async #cancel(id: number): Promise<boolean> {
    const answer = await this.#send('DELETE', `/store-api/orders/${id}`)
    if (!answer) return false
    const isCancelled = answer.status === 200 || answer.status === 404
    if (this.#expect(answer, 'DELETE /orders/:id', [200, 202, 404, 409]) && isCancelled) this.acknowledged.cancelled.add(id)
    return answer.status === 200 ? this.#wrote(id, 'CANCELLED') : true
  }

  async #adjust(): Promise<boolean> {
    const delta = this.#delta++
    const product = soldProducts[delta % soldProducts.length] ?? 1
    const body = { items: [{ product_id: product, quantity: delta }], operation: '+' }
    const answer = await this.#send('PUT', '/store-api/stocks', body)
    if (!answer) this.acknowledged.unansweredAdjustments.set(delta, product)
    else if (this.#expect(answer, 'PUT /stocks', [200])) this.acknowledged.adjustments.set(delta, product)
    return answer !== undefined
  }

  /** Asks for what cannot be done, beside what can: neither may have an effect (I16). */
  async #refused(): Promise<boolean> {
    const [isOrder, line] = [this.#random.next() < 0.5, { product_id: 1, quantity: 1 }]
    this.#sent += 1
    const answer = await (isOrder
      ? this.#send(
          'POST',
          '/store-api/orders',
          { user_id: 1, items: [line, refusedLine] },
          { 'idempotency-key': `${this.#name}-refused-${this.#sent}` },
        )
      : this.#send('PUT', '/store-api/stocks', { items: [line, refusedChange], operation: '-' }))
    if (!answer) return false
    this.#expect(answer, 'what cannot be done', [isOrder ? 422 : 409])
    return true
  }

  /** A kill in the middle of it leaves the read model as it was. */
  async #rebuild(): Promise<boolean> {
    const answer = await this.#send('POST', '/store-api/read-model/rebuild')
    if (answer) this.#expect(answer, 'POST /read-model/rebuild', [200])
    return answer !== undefined
  }

  #expect(answer: Answer, what: string, statuses: readonly number[]): boolean {
    if (statuses.includes(answer.status)) return true
    this.surprises.push(`${what} answered ${answer.status}: ${answer.text.slice(0, 300)}`)
    return false
  }
}
