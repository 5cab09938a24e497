import { Cursors, PageQuery, pageLimit } from '@comptoir/http'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { addActs, SagaPath, unknownSaga } from './acts.api.ts'
import type { Actors } from './acts.ts'
import { Letter, Nullable, SagaAnswer, SagaDetailAnswer, StuckAnswer, StuckSagaAnswer } from './answers.ts'
import { listDeadLetters } from './dead-letters.ts'
import type { Installation } from './saga-rows.ts'
import { findSaga, listSagas } from './sagas.ts'
import { listStuck } from './stuck.ts'

export interface OperatorOptions extends Installation, Actors {
  readonly services: Actors['services']
  readonly cursorSecret: Uint8Array
}

const config = { policy: 'operator' } as const
const tags = ['sagas']
const SagaQuery = Type.Object(
  {
    ...PageQuery.properties,
    state: Type.Optional(Type.Enum(['running', 'paused', 'completed', 'cancelled', 'needs_attention'])),
  },
  { additionalProperties: false },
)
/** The operator's reads and acts over all services. */
export function operatorApi({ cursorSecret, home, driver, ...installation }: OperatorOptions): FastifyPluginAsync {
  const actors = { home, driver, services: installation.services }
  const find = (id: string) => findSaga(installation, id)
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
          summary: 'A saga: its plan, the journal of its steps, why it does not go on, and what operators did to it',
          tags,
          params: SagaPath,
          response: { 200: Type.Object(SagaDetailAnswer) },
        },
      },
      async ({ params }) => (await find(params.saga_id)) ?? unknownSaga(params.saga_id),
    )

    addActs(app, actors, find)

    app.get(
      '/stuck',
      {
        config,
        schema: {
          summary: 'Open sagas that do not go on, the oldest first: why, and what helps',
          tags,
          response: { 200: Type.Object({ items: Type.Array(Type.Object({ ...StuckSagaAnswer, ...StuckAnswer })) }) },
        },
      },
      async () => ({ items: await listStuck(installation, 200) }),
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
