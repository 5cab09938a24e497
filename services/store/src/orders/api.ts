import { Cursors, PageQuery, Problem, pageLimit } from '@comptoir/http'
import type { Work } from '@comptoir/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import type { ReadWaits } from '../read-waits.ts'
import { requestCancellation, takePayment } from './commands.ts'
import type { Order, OrderStatus } from './order.ts'
import { listOrders, writtenOrder } from './queries.ts'
import { OrderAnswer, OrderPath, orderAnswer, PaidOrder } from './schemas.ts'

export interface OrdersOptions {
  readonly work: Work
  readonly waits: ReadWaits
  /** The absolute URL to pay a payment at; it ends in the payment's id. */
  readonly linkTo: (payment: number) => string
  readonly cursorSecret: Uint8Array
}

/** A request that waits for a saga to end answers 202 after this time. */
const longestWaitMs = 10_000
const tags = ['orders']

/** Reading, paying by other means and cancelling orders. */
export function ordersApi({ work, waits, linkTo, cursorSecret }: OrdersOptions): FastifyPluginAsync {
  const cursors = new Cursors<number>('orders', cursorSecret)
  return async (app) => {
    app.get<{ Querystring: PageQuery }>(
      '/orders',
      {
        config: { policy: ['clerk', 'operator'] },
        schema: {
          summary: 'The newest orders',
          tags,
          querystring: PageQuery,
          response: { 200: Type.Object({ items: Type.Array(OrderAnswer), next: Type.Union([Type.String(), Type.Null()]) }) },
        },
      },
      async ({ query }) => {
        const limit = pageLimit(query)
        // One more than is shown tells whether there is a next page.
        const orders = await listOrders(work, limit + 1, query.cursor === undefined ? undefined : cursors.decode(query.cursor))
        const page = orders.slice(0, limit)
        const last = page.at(-1)
        return {
          items: page.map((order) => orderAnswer(order, linkTo)),
          next: last && orders.length > limit ? cursors.encode(last.order_id) : null,
        }
      },
    )

    app.get<{ Params: Static<typeof OrderPath> }>(
      '/orders/:order_id',
      {
        config: { policy: ['customer', 'clerk', 'operator'] },
        schema: { summary: 'An order', tags, params: OrderPath, response: { 200: OrderAnswer } },
      },
      async ({ params }) => {
        const order = await waits.read(Number(params.order_id))
        if (!order) throw unknown(Number(params.order_id))
        return orderAnswer(order, linkTo)
      },
    )

    app.put<{ Body: Static<typeof PaidOrder> }>(
      '/orders',
      {
        config: { policy: ['clerk', 'service'] },
        schema: {
          summary: 'Record that an order was paid by other means',
          tags,
          body: PaidOrder,
          response: { 200: Type.Object({ updated: Type.Boolean() }) },
        },
      },
      async ({ body }) => ({ updated: await markPaid(work, waits, body) }),
    )

    app.delete<{ Params: Static<typeof OrderPath> }>(
      '/orders/:order_id',
      {
        config: { policy: ['customer', 'clerk'] },
        schema: {
          summary: 'Cancel an order',
          tags,
          params: OrderPath,
          response: { 200: Type.Object({ deleted: Type.Boolean() }), 202: Type.Object({ deleted: Type.Boolean() }) },
        },
      },
      async (request, reply) => {
        const id = Number(request.params.order_id)
        const end = performance.now() + longestWaitMs
        const cancellation = await requestCancellation(work, id)
        if (cancellation.kind === 'unknown') throw unknown(id, { deleted: false })
        if (cancellation.kind === 'ended')
          throw new Problem(404, 'already_cancelled', `Order ${id} is cancelled already: there is nothing left to do.`, {
            members: { deleted: false },
          })
        if (cancellation.kind === 'refused') throw notCancellable(id, cancellation.status)
        const order = await waits.order(id, end - performance.now(), ({ status }) => ended.has(status))
        if (!order) return reply.code(202).header('location', request.url).send({ deleted: false })
        if (order.status !== 'CANCELLED' && order.status !== 'EXPIRED') throw notCancellable(id, order.status)
        return { deleted: true }
      },
    )
  }
}

const ended: ReadonlySet<OrderStatus> = new Set<OrderStatus>(['CANCELLED', 'EXPIRED', 'PAID', 'NEEDS_ATTENTION'])

/** Where an order stands before its payment row has decided; the read model may still show what was before it was placed. */
const undecided: ReadonlySet<OrderStatus> = new Set<OrderStatus>(['PENDING', 'PLACED', 'CANCELLING'])

/** Answers whether anything changed. The order is PAID when it answers. */
async function markPaid(
  work: Work,
  waits: ReadWaits,
  { order_id, is_paid, payment_id }: Static<typeof PaidOrder>,
): Promise<boolean> {
  // All of it together is one wait, for the client.
  const end = performance.now() + longestWaitMs
  const order = await writtenOrder(work, order_id)
  if (!order) throw unknown(order_id)
  if (!is_paid) {
    if (order.status === 'PAID')
      throw new Problem(409, 'already_paid', `Order ${order_id} is paid, which cannot be taken back here: refund it outside.`)
    return false
  }
  const placed =
    order.status === 'PENDING'
      ? await waits.order(order_id, end - performance.now(), ({ status }) => status !== 'PENDING')
      : order
  if (!placed)
    throw new Problem(
      409,
      'still_pending',
      `Order ${order_id} is still being placed: try again when GET /orders/${order_id} says PLACED.`,
      { headers: { 'retry-after': '5' } },
    )
  checkPayment(placed, payment_id)
  if (placed.status === 'PAID') return false
  if (placed.status !== 'PLACED') throw notPayable(placed)
  await takePayment(work, order_id, placed.saga_id)
  const paid = await waits.order(order_id, end - performance.now(), ({ status }) => !undecided.has(status))
  if (!paid)
    throw new Problem(
      409,
      'still_pending',
      `The payment of order ${order_id} is on its way: look at GET /orders/${order_id} in a moment.`,
      { headers: { 'retry-after': '5' } },
    )
  if (paid.status !== 'PAID') throw notPayable(paid)
  return true
}

function checkPayment(order: Order, payment: number | undefined): void {
  if (payment === undefined || payment === order.payment_id) return
  const detail = `Order ${order.order_id} has payment ${order.payment_id}, not ${payment}: send that id, or none.`
  throw new Problem(422, 'other_payment', detail, { errors: [{ pointer: '/payment_id', code: 'other_payment', detail }] })
}

const notPayable = ({ order_id, status }: Order) =>
  new Problem(409, 'order_closed', `Order ${order_id} is ${status} and cannot be paid any more: place a new one.`, {
    members: { updated: false },
  })

const notCancellable = (id: number, status: OrderStatus) =>
  new Problem(
    409,
    status === 'PAID' ? 'already_paid' : 'needs_attention',
    status === 'PAID'
      ? `Order ${id} is paid and stays: refund it outside.`
      : `Order ${id} needs an operator first: see GET /saga-api/sagas.`,
    {
      members: { deleted: false },
    },
  )

const unknown = (id: number, members: Record<string, unknown> = {}) =>
  new Problem(404, 'unknown_order', `There is no order ${id}: use an id that POST /orders gave.`, { members })
