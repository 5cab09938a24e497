import type { Body, Message, Outgoing } from './messages.ts'
import type { Run } from './session.ts'

/** A step of the saga over all fresh messages of a batch. */
export interface Step {
  readonly name: string
  run(run: Run, messages: readonly Message[]): Promise<Outgoing[]>
}

const decreaseStock: Step = {
  name: 'decreaseStock',
  async run(run, messages) {
    const ids = [...new Set(messages.flatMap(({ body }) => body.items.map((item) => item.product_id)))].sort((a, b) => a - b)
    const rows = await run(
      'select product_id, quantity from s.stocks where product_id = any($1) order by product_id for update',
      [ids],
    )
    const left = new Map(rows.map(({ product_id, quantity }) => [Number(product_id), Number(quantity)]))
    const taken = new Map<number, number>()
    const outgoing = messages.map(({ saga, body }): Outgoing => {
      if (!body.items.every(({ product_id, quantity }) => (left.get(product_id) ?? 0) >= quantity))
        return { mailbox: 's', saga, name: 'StockDecreaseFailed', body }
      for (const { product_id, quantity } of body.items) {
        left.set(product_id, (left.get(product_id) ?? 0) - quantity)
        taken.set(product_id, (taken.get(product_id) ?? 0) + quantity)
      }
      return { mailbox: 'p', saga, name: 'StockDecreased', body }
    })
    await run(
      'update s.stocks as t set quantity = t.quantity - x.n from unnest($1::int[], $2::int[]) as x(p, n) where t.product_id = x.p',
      [[...taken.keys()], [...taken.values()]],
    )
    return outgoing
  },
}

const createPayment: Step = {
  name: 'createPayment',
  async run(run, messages) {
    const rows = await run(
      `insert into p.payments (order_id, user_id, total) select * from unnest($1::bigint[], $2::int[], $3::bigint[])
       on conflict (order_id) do update set user_id = excluded.user_id returning id, order_id`,
      columns(messages, 'order_id', 'user_id', 'total'),
    )
    const payments = new Map(rows.map(({ id, order_id }) => [Number(order_id), Number(id)]))
    return messages.map(({ saga, body }) => {
      const payment_id = payments.get(body.order_id) ?? 0
      return {
        mailbox: 's',
        saga,
        name: 'PaymentCreated',
        body: { ...body, payment_id, payment_link: `http://pay/${payment_id}` },
      }
    })
  },
}

const linkPayment: Step = {
  name: 'linkPayment',
  async run(run, messages) {
    await run(
      `update s.orders as o set status = 'PLACED', payment_link = x.link, version = o.version + 1
       from unnest($1::bigint[], $2::text[]) as x(id, link) where o.id = x.id`,
      columns(messages, 'order_id', 'payment_link'),
    )
    return messages.map(({ saga, body: { order_id } }) => ({ mailbox: 'end', saga, name: 'SagaCompleted', body: { order_id } }))
  },
}

const columns = (messages: readonly Message[], ...names: (keyof Body)[]) =>
  names.map((name) => messages.map(({ body }) => body[name] ?? null))

/** Which step a message starts. */
export const steps: ReadonlyMap<string, Step> = new Map([
  ['OrderCreated', decreaseStock],
  ['StockDecreased', createPayment],
  ['PaymentCreated', linkPayment],
])
