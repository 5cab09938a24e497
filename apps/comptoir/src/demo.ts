import { PaymentProcessed, placeOrder } from '@comptoir/contracts'
import type { Service } from '@comptoir/runtime'

/** How often the demonstration does something, in milliseconds. */
const everyMs = 2_000
const card = { cardNumber: 9999999999999, cardCode: 123, expirationDate: '2030-01-05' }

/**
 * A slow trickle of customers, over HTTP like any other: orders that succeed and are paid or cancelled, orders without
 * stock, and orders refused at payment. Besides, once, what goes wrong when a neighbour sends nonsense.
 */
export class Demo {
  readonly #url: string
  readonly #timer: NodeJS.Timeout
  #turn = 0

  constructor(url: string, store: Service, payments: Service) {
    this.#url = url
    void sendNonsense(store, payments).catch(() => {})
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

/**
 * Two messages that no attempt can handle: dead letters of two causes after some ten seconds. The one is an event. The other
 * is the last step of a saga, without the results of the steps before it: the saga is stuck and needs attention.
 */
async function sendNonsense(store: Service, payments: Service): Promise<void> {
  const stuck = await store.transaction(async (unit) => {
    // Those of the last time may still lie there.
    if ((await unit.query('select from store.held_message limit 1')).length > 0) return undefined
    const id = unit.newId()
    unit.begin(placeOrder, [{ id, input: { user_id: 2, items: [{ product_id: 4, quantity: 1 }] } }])
    return id
  })
  if (!stuck) return
  await payments.transaction(async (unit) => {
    const { to, type } = PaymentProcessed
    unit.publish({ to, type, key: unit.newId(), data: { order_id: 'not a number' } })
    await unit.query(
      `insert into payments.log (mailbox, epoch, key, type, definition, body) values ('store', $1, $2, 'PaymentCreated', $3, '{}')`,
      [payments.epoch, stuck, placeOrder.id],
    )
  })
}
