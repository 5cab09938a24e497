import { Id, Problem } from '@comptoir/http'
import type { Work } from '@comptoir/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { putOnHold, releaseHold } from './holds.ts'

const UserPath = Type.Object({ user_id: Id })
const Hold = Type.Object({ user_id: Type.Integer(), on_hold: Type.Boolean() })
const Deleted = Type.Object({ deleted: Type.Boolean() })

const config = { policy: 'operator' } as const
const tags = ['holds']

/** Credit holds of users. A hold may be put on any user id: who the users are, the store knows. */
export function holdsApi(work: Work): FastifyPluginAsync {
  return async (app) => {
    app.put<{ Params: Static<typeof UserPath> }>(
      '/holds/:user_id',
      { config, schema: { summary: 'Put a user on credit hold', tags, params: UserPath, response: { 200: Hold, 201: Hold } } },
      async ({ params }, reply) => {
        const user_id = Number(params.user_id)
        const isNew = await putOnHold(work, user_id)
        return reply.code(isNew ? 201 : 200).send({ user_id, on_hold: true })
      },
    )

    app.delete<{ Params: Static<typeof UserPath> }>(
      '/holds/:user_id',
      { config, schema: { summary: 'End a credit hold', tags, params: UserPath, response: { 200: Deleted } } },
      async ({ params }) => {
        if (await releaseHold(work, Number(params.user_id))) return { deleted: true }
        const detail = `User ${params.user_id} is not on credit hold. There is nothing to end.`
        throw new Problem(404, 'unknown_hold', detail, { members: { deleted: false } })
      },
    )
  }
}
