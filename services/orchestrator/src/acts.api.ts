import { setTimeout as pauseFor } from 'node:timers/promises'
import { normalText, Problem, Text, Uuid } from '@comptoir/http'
import type { OperatorAct } from '@comptoir/runtime'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Static, type TSchema, Type } from 'typebox'
import { type Actors, cancel, ended, pause, resume, retry, tooLate } from './acts.ts'
import type { SagaDetail } from './sagas.ts'

export const SagaPath = Type.Object({ saga_id: Uuid })
const ActBody = Type.Object({ reason: Type.Optional(Text(500)) }, { additionalProperties: false })
type ActRoute = { Params: Static<typeof SagaPath>; Body: Static<typeof ActBody> }

/** A wish to cancel waits so long for the end, and looks so often. In milliseconds. */
const [longestWaitMs, lookMs] = [10_000, 20]

/** What operators do to one saga. Each act may say why, and is kept with the saga. */
export function addActs(app: FastifyInstance, actors: Actors, find: (id: string) => Promise<SagaDetail | undefined>): void {
  const findKnown = async (id: string) => (await find(id)) ?? unknownSaga(id)

  const route = (
    act: OperatorAct['act'],
    summary: string,
    response: Readonly<Record<number, TSchema>>,
    perform: (saga: SagaDetail, act: OperatorAct, reply: FastifyReply) => Promise<unknown>,
  ) =>
    app.post<ActRoute>(
      `/sagas/:saga_id/${act}`,
      {
        config: { policy: 'operator' },
        schema: { summary, tags: ['sagas'], params: SagaPath, body: ActBody, response },
        preValidation: withoutBody,
      },
      async (request, reply) => {
        const { saga_id } = request.params
        const { reason } = request.body
        const said = {
          saga: saga_id,
          act,
          reason: reason === undefined ? null : normalText(reason),
          by: `operator at ${request.ip}`,
        }
        reply.header('location', request.url.replace(/\/[a-z]+$/, ''))
        return perform(await findKnown(saga_id), said, reply)
      },
    )

  const id = Type.Object({ saga_id: Type.String(), paused: Type.Boolean() })
  route('pause', 'Pause a saga: no step of it is begun', { 200: id }, async (saga, act) => {
    await pause(actors, saga, act)
    const now = await findKnown(act.saga)
    // Its last step was under way.
    if (now.ended_at !== null) throw ended(now)
    return { saga_id: act.saga, paused: true }
  })
  route('resume', 'Let a paused saga go on where it stood', { 200: id }, async (saga, act) => {
    await resume(actors, saga, act)
    return { saga_id: act.saga, paused: false }
  })
  route(
    'retry',
    'Try again what has failed: its dead letters, or the call that was given up',
    { 202: Type.Object({ retried: Type.Integer() }) },
    async (saga, act, reply) => reply.code(202).send({ retried: await retry(actors, saga, act) }),
  )
  route(
    'cancel',
    'Cancel a saga before its point of no return',
    { 200: Type.Object({ cancelled: Type.Boolean() }), 202: Type.Object({ saga_id: Type.String() }) },
    async (saga, act, reply) => {
      await cancel(actors, saga, act)
      const end = performance.now() + longestWaitMs
      for (let now = await findKnown(act.saga); performance.now() < end; now = await findKnown(act.saga)) {
        if (now.status === 'cancelled') return { cancelled: true }
        if (now.status === 'completed') throw tooLate(now)
        await pauseFor(lookMs)
      }
      return reply.code(202).send({ saga_id: act.saga })
    },
  )
}

/** No body is one that says nothing. */
async function withoutBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) request.body = {}
}

export function unknownSaga(id: string): never {
  throw new Problem(
    404,
    'unknown_saga',
    `There is no saga ${id}: GET /saga-api/sagas lists them; the journal is kept for seven days.`,
  )
}
