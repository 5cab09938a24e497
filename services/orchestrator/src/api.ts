import { setTimeout as pause } from 'node:timers/promises'
import { Cursors, PageQuery, Problem, pageLimit, Uuid } from '@comptoir/http'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { type CancelOptions, cancelSaga } from './cancel.ts'
import { listDeadLetters, requestReplay } from './dead-letters.ts'
import { findSaga, type Installation, listSagas, type SagaView } from './sagas.ts'

export interface OperatorOptions extends Installation {
  readonly cancelling: CancelOptions
  readonly cursorSecret: Uint8Array
}

const config = { policy: 'operator' } as const
const tags = ['sagas']
const SagaPath = Type.Object({ saga_id: Uuid })
const SagaQuery = Type.Object(
  { ...PageQuery.properties, state: Type.Optional(Type.Enum(['running', 'completed', 'cancelled', 'needs_attention'])) },
  { additionalProperties: false },
)
const Nullable = Type.Union([Type.String(), Type.Null()])
const Step = Type.Object({
  step: Type.String(),
  service: Type.String(),
  kind: Type.String(),
  status: Type.String(),
  reason: Nullable,
  at: Nullable,
  undone_at: Nullable,
})
const SagaAnswer = {
  saga_id: Type.String(),
  saga: Type.String(),
  version: Type.Integer(),
  style: Type.String(),
  status: Type.String(),
  state: Type.String(),
  reason: Nullable,
  attention: Nullable,
  order_id: Type.Union([Type.Integer(), Type.Null()]),
  started_at: Type.String(),
  ended_at: Nullable,
  awaited: Type.Union([Type.Object({ step: Type.String(), phase: Type.String(), since: Type.String() }), Type.Null()]),
  steps: Type.Array(Step),
}
const Journal = Type.Array(
  Type.Object({
    at: Type.String(),
    service: Type.String(),
    step: Type.String(),
    phase: Type.String(),
    outcome: Type.String(),
    message: Type.String(),
    reason: Nullable,
  }),
)
const Letter = Type.Object({
  id: Type.Integer(),
  service: Type.String(),
  saga_id: Type.String(),
  message: Type.String(),
  error: Nullable,
  attempts: Type.Integer(),
  since: Type.String(),
  parked: Type.Integer(),
})

/** The operator's reads and acts over all services. */
export function operatorApi({ cursorSecret, cancelling, ...installation }: OperatorOptions): FastifyPluginAsync {
  const cursors = new Cursors<string>('sagas', cursorSecret)
  return async (app) => {
    app.get<{ Querystring: Static<typeof SagaQuery> }>(
      '/sagas',
      {
        config,
        schema: {
          summary: 'The newest sagas',
          tags,
          querystring: SagaQuery,
          response: { 200: Type.Object({ items: Type.Array(Type.Object(SagaAnswer)), next: Nullable }) },
        },
      },
      async ({ query }) => {
        const limit = pageLimit(query)
        const items = await listSagas(
          installation,
          limit,
          query.cursor === undefined ? undefined : cursors.decode(query.cursor),
          query.state,
        )
        const last = items.at(-1)
        return { items, next: last && items.length === limit ? cursors.encode(last.saga_id) : null }
      },
    )

    app.get<{ Params: Static<typeof SagaPath> }>(
      '/sagas/:saga_id',
      {
        config,
        schema: {
          summary: 'A saga: its plan and the journal of its steps',
          tags,
          params: SagaPath,
          response: { 200: Type.Object({ ...SagaAnswer, journal: Journal }) },
        },
      },
      async ({ params }) => (await findSaga(installation, params.saga_id)) ?? unknown(params.saga_id),
    )

    app.post<{ Params: Static<typeof SagaPath> }>(
      '/sagas/:saga_id/retry',
      {
        config,
        schema: {
          summary: "Try a saga's dead letters again",
          tags,
          params: SagaPath,
          response: { 202: Type.Object({ retried: Type.Integer() }) },
        },
      },
      async (request, reply) => {
        const { saga_id } = request.params
        const saga = (await findSaga(installation, saga_id)) ?? unknown(saga_id)
        const retried = await requestReplay(installation, saga_id, `operator at ${request.ip}`)
        if (retried > 0)
          return reply
            .code(202)
            .header('location', request.url.replace(/\/retry$/, ''))
            .send({ retried })
        throw new Problem(
          409,
          'nothing_to_retry',
          `Saga ${saga_id} has no dead letter: it is ${saga.status}, look at its journal for what it waits for.`,
        )
      },
    )

    app.post<{ Params: Static<typeof SagaPath> }>(
      '/sagas/:saga_id/cancel',
      {
        config,
        schema: {
          summary: 'Cancel a saga before its point of no return',
          tags,
          params: SagaPath,
          response: { 200: Type.Object({ cancelled: Type.Boolean() }), 202: Type.Object({ saga_id: Type.String() }) },
        },
      },
      async (request, reply) => {
        const { saga_id } = request.params
        const find = async () => (await findSaga(installation, saga_id)) ?? unknown(saga_id)
        const saga = await find()
        const answer = await cancelSaga(cancelling, saga)
        if (answer !== 'wished') throw answer === 'late' ? tooLate(saga) : ended(saga)
        const end = performance.now() + longestWaitMs
        for (let now = await find(); performance.now() < end; now = await find()) {
          if (now.status === 'cancelled') return { cancelled: true }
          if (now.status === 'completed') throw tooLate(now)
          await pause(lookMs)
        }
        return reply
          .code(202)
          .header('location', request.url.replace(/\/cancel$/, ''))
          .send({ saga_id })
      },
    )

    app.get(
      '/dead-letters',
      {
        config,
        schema: {
          summary: 'Messages that could not be handled',
          tags,
          response: { 200: Type.Object({ items: Type.Array(Letter) }) },
        },
      },
      async () => ({ items: await listDeadLetters(installation, 200) }),
    )
  }
}

/** A wish to cancel waits so long for the end, and looks so often. In milliseconds. */
const [longestWaitMs, lookMs] = [10_000, 20]

const ended = ({ saga_id, status }: SagaView): Problem =>
  new Problem(409, 'saga_ended', `Saga ${saga_id} has ended: it is ${status}, and nothing of it can be cancelled any more.`)

const tooLate = ({ saga_id, order_id }: SagaView): Problem =>
  new Problem(
    409,
    'too_late',
    `Saga ${saga_id} is past its point of no return and goes forward. To give its order up: DELETE /store-api/orders/${order_id ?? '{id}'}.`,
  )

function unknown(id: string): never {
  throw new Problem(
    404,
    'unknown_saga',
    `There is no saga ${id}: GET /saga-api/sagas lists them; the journal is kept for seven days.`,
  )
}
