import { mergeLines, NewOrder, orderRefusal, type PlaceOrder } from '@comptoir/contracts'
import { keyClaim, keyProblem, Problem, preference } from '@comptoir/http'
import type { Entrance, Entry } from '@comptoir/runtime'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { type Static, Type } from 'typebox'
import type { ReadWaits } from '../read-waits.ts'

/** How the store places orders: the choreographed saga's entry. */
export type OrderEntry = Entry<Static<typeof PlaceOrder>, { order_id: number; total_amount: number }>

export interface PlaceOrderOptions {
  readonly entry: OrderEntry
  readonly waits: ReadWaits
  /** Why no order is taken just now; undefined when they are. */
  readonly overloaded: () => string | undefined
}

const Placed = Type.Object({
  order_id: Type.Integer(),
  status: Type.Optional(Type.String()),
  reason: Type.Optional(Type.Union([Type.String(), Type.Null()])),
})

/** POST /orders. */
export function placeOrderApi({ entry, waits, overloaded }: PlaceOrderOptions): FastifyPluginAsync {
  return async (app) => {
    app.post<{ Body: NewOrder }>(
      '/orders',
      {
        config: { policy: ['customer', 'clerk'] },
        schema: { summary: 'Place an order', tags: ['orders'], body: NewOrder, response: { 201: Placed, 202: Placed } },
      },
      async (request, reply) => {
        const busy = overloaded()
        if (busy !== undefined) throw new Problem(503, 'overloaded', busy, { headers: { 'retry-after': '5' } })
        const key = keyClaim(request, 'POST /orders')
        const input = { user_id: request.body.user_id, items: mergeLines(request.body.items) }
        const entrance = await entry.begin(input, key)
        const { order_id } = begun(entrance, request.body)
        if (entrance.kind === 'replayed') reply.header('idempotency-replayed', 'true')
        reply.header('location', `${request.url.replace(/\?.*/, '')}/${order_id}`)
        const { wait } = preference(request)
        return wait === undefined ? reply.code(201).send({ order_id }) : answerAtEnd(reply, waits, order_id, wait)
      },
    )
  }
}

async function answerAtEnd(reply: FastifyReply, waits: ReadWaits, order_id: number, seconds: number): Promise<FastifyReply> {
  const order = await waits.order(order_id, seconds * 1_000, ({ status }) => status !== 'PENDING')
  reply.header('preference-applied', `wait=${seconds}`)
  if (!order) return reply.code(202).send({ order_id, status: 'PENDING' })
  return reply.code(201).send({ order_id, status: order.status, reason: order.reason })
}

function begun(entrance: Entrance<{ order_id: number }>, body: NewOrder): { order_id: number } {
  switch (entrance.kind) {
    case 'begun':
    case 'replayed':
      return entrance.result
    case 'refused':
      throw orderRefusal(entrance.reason, entrance.detail ?? '', body)
    case 'mismatch':
    case 'open':
      throw keyProblem(entrance.kind)
    default:
      return entrance satisfies never
  }
}
