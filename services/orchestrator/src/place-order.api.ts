import { cancelReason, mergeLines, NewOrder, orderRefusal, placeOrder } from '@comptoir/contracts'
import { keyClaim, keyProblem, Problem, preference } from '@comptoir/http'
import type { CallDriver, DriveBeginning, Driver, KeyClaim, Work } from '@comptoir/runtime'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { type End, releaseKey } from './driven-sagas.ts'
import type { ParticipantCalls } from './participant-calls.ts'
import type { SagaEnds } from './saga-ends.ts'

export interface SagaOrderOptions {
  readonly work: Work
  readonly driver: Driver
  readonly callDriver: CallDriver
  readonly participants: ParticipantCalls
  readonly ends: SagaEnds
  /** Why no order is taken just now; undefined when they are. */
  readonly overloaded: () => string | undefined
}

/** A request that waits for its saga to end answers 202 after this time. In milliseconds. */
const longestWaitMs = 10_000
/** The participant that refused an order is asked where in it the reason stands, for so long. In milliseconds. */
const detailMs = 2_000

const Ended = Type.Object({ order_id: Type.Integer(), status: Type.String(), saga_id: Type.String() })
const Accepted = Type.Object({ saga_id: Type.String(), status: Type.String() })

/** POST /saga/order: an orchestrated order, driven by calls to its end; with `Prefer: respond-async` by messages. */
export function sagaOrderApi(options: SagaOrderOptions): FastifyPluginAsync {
  const { driver, callDriver, ends, overloaded } = options
  return async (app) => {
    app.post<{ Body: NewOrder }>(
      '/saga/order',
      {
        config: { policy: ['customer', 'clerk'] },
        schema: {
          summary: 'Place an order by the orchestrator, and wait for the end',
          tags: ['orders'],
          body: NewOrder,
          response: { 200: Ended, 202: Accepted },
        },
      },
      async (request, reply) => {
        const busy = overloaded()
        if (busy !== undefined) throw new Problem(503, 'overloaded', busy, { headers: { 'retry-after': '5' } })
        const { body } = request
        const key = keyClaim(request, 'POST /saga/order')
        const { respondAsync, wait } = preference(request)
        const input = { user_id: body.user_id, items: mergeLines(body.items) }
        const beginning = await driver.begin(placeOrder, respondAsync ? 'messages' : 'http', input, key)
        const saga = begun(beginning)
        if (beginning.kind === 'begun' && !respondAsync) void callDriver.drive(beginning.drive)
        if (beginning.kind === 'replayed') reply.header('idempotency-replayed', 'true')
        if (respondAsync) return accepted(reply.header('preference-applied', 'respond-async'), saga)
        if (wait !== undefined) reply.header('preference-applied', `wait=${wait}`)
        const end = await ends.of(saga, wait === undefined ? longestWaitMs : wait * 1_000)
        if (!end) return accepted(reply, saga)
        if (end.outcome === 'completed') return { order_id: Number(end.subject), status: 'OK', saga_id: saga }
        throw isRefusal(end) ? await refused(options, saga, end.reason ?? '', body, key) : compensated(saga, end)
      },
    )
  }
}

function begun(beginning: DriveBeginning): string {
  if (beginning.kind === 'begun' || beginning.kind === 'replayed') return beginning.saga
  throw keyProblem(beginning.kind)
}

const accepted = (reply: FastifyReply, saga: string): FastifyReply =>
  reply.code(202).header('location', `/saga-api/sagas/${saga}`).send({ saga_id: saga, status: 'PENDING' })

const isRefusal = ({ cause_step, reason }: End): boolean =>
  cause_step === 'createOrder' && ['unknown_user', 'unknown_product', 'total_too_large'].includes(reason ?? '')

/** createOrder has refused what was asked for: nothing was ordered, and the request leaves no key. */
async function refused(
  { work, participants }: SagaOrderOptions,
  saga: string,
  reason: string,
  body: NewOrder,
  key: KeyClaim | undefined,
): Promise<Problem> {
  if (key) await releaseKey(work, key, saga)
  // It says the same again, whenever it is called; were it away, the reason alone must do.
  const call = {
    saga,
    definition: placeOrder.id,
    command: { step: 'createOrder', phase: 'do' } as const,
    body: { input: { user_id: body.user_id, items: mergeLines(body.items) } },
  }
  const answer = await participants.call('store', call, AbortSignal.timeout(detailMs)).catch(() => undefined)
  return orderRefusal(reason, answer?.detail ?? '', body)
}

/** The order has failed, and everything that was done for it is undone. */
function compensated(saga_id: string, { reason, subject }: End): Problem {
  const why = cancelReason(reason ?? '')
  const order_id = subject === null ? undefined : Number(subject)
  const what = order_id === undefined ? 'The order was not placed' : `Order ${order_id} was cancelled`
  return new Problem(409, why, `${what}: ${words[why] ?? words.error}`, {
    members: { ...(order_id !== undefined && { order_id }), state: 'CANCELLED', reason: why, saga_id },
  })
}

const words: Readonly<Record<string, string>> = {
  out_of_stock: 'there is too little stock; order less, or later.',
  over_ceiling: 'its total is above what a payment may be; order less, or split it.',
  on_hold: 'the user is on credit hold; ask payments to lift it.',
  cancelled: 'somebody asked for that meanwhile.',
  error: 'a step did not work; GET /saga-api/sagas/{id} shows which. Place it again in a moment.',
}
