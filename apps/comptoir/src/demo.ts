/** How often the demonstration does something, in milliseconds. */
const everyMs = 2_000
const card = { cardNumber: 9999999999999, cardCode: 123, expirationDate: '2030-01-05' }

/**
 * A slow trickle of customers, over HTTP like any other: orders that succeed and are paid or cancelled, orders without
 * stock, and orders refused at payment.
 */
export class Demo {
  readonly #url: string
  readonly #timer: NodeJS.Timeout
  #turn = 0

  constructor(url: string) {
    this.#url = url
    this.#timer = setInterval(() => void this.#act().catch(() => {}), everyMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #act(): Promise<void> {
    this.#turn += 1
    const kind = this.#turn % 5
    const order =
      kind === 3
        ? { user_id: 4, items: [{ product_id: 2, quantity: 1 }] }
        : kind === 4
          ? { user_id: 2, items: [{ product_id: 3, quantity: 3 }] }
          : { user_id: 1 + (this.#turn % 3), items: [{ product_id: 2, quantity: 1 }] }
    const { order_id } = (await this.#send('POST', '/store-api/orders', order, { prefer: 'wait=5' })) as { order_id: number }
    if (kind === 1) {
      const { payment_link } = (await this.#send('GET', `/store-api/orders/${order_id}`)) as { payment_link: string }
      await this.#send('POST', new URL(payment_link).pathname, card)
    }
    if (kind === 2) await this.#send('DELETE', `/store-api/orders/${order_id}`)
  }

  async #send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<unknown> {
    const answer = await fetch(`${this.#url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    })
    return answer.json()
  }
}
