import { Email, fieldProblem, Id, normalText, Problem, Text } from '@comptoir/http'
import type { Work } from '@comptoir/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { createUser, deleteUser } from './commands.ts'
import { findUser } from './queries.ts'

const NewUser = Type.Object({ name: Text(200), email: Email }, { additionalProperties: false })
const UserPath = Type.Object({ id: Id })
const UserCreated = Type.Object({ user_id: Type.Integer() })
const User = Type.Object({ id: Type.Integer(), name: Type.String(), email: Type.String() })
const Deleted = Type.Object({ deleted: Type.Boolean() })

const config = { policy: 'operator' } as const

/** The routes of users. */
export function usersApi(work: Work): FastifyPluginAsync {
  return async (app) => {
    app.post<{ Body: Static<typeof NewUser> }>(
      '/users',
      { config, schema: { summary: 'Add a user', tags: ['users'], body: NewUser, response: { 201: UserCreated } } },
      async (request, reply) => {
        const { name, email } = request.body
        const creation = await createUser(work, { name: normalText(name), email: normalText(email) })
        if (creation.kind === 'email_taken') throw emailTaken()
        return reply.code(201).send({ user_id: creation.id })
      },
    )

    app.get<{ Params: Static<typeof UserPath> }>(
      '/users/:id',
      { config, schema: { summary: 'A user', tags: ['users'], params: UserPath, response: { 200: User } } },
      async (request) => {
        const user = await findUser(work, Number(request.params.id))
        if (user === undefined) throw unknownUser(request.params.id)
        return user
      },
    )

    app.delete<{ Params: Static<typeof UserPath> }>(
      '/users/:id',
      {
        config,
        schema: { summary: 'Delete a user without orders', tags: ['users'], params: UserPath, response: { 200: Deleted } },
      },
      async (request) => {
        const deletion = await deleteUser(work, Number(request.params.id))
        if (deletion === 'unknown') throw unknownUser(request.params.id, { deleted: false })
        if (deletion === 'has_orders') throw hasOrders()
        return { deleted: true }
      },
    )
  }
}

function unknownUser(id: string, members: Readonly<Record<string, unknown>> = {}): Problem {
  return new Problem(404, 'unknown_user', `There is no user ${id}. Use an id that POST /users gave.`, { members })
}

function emailTaken(): Problem {
  return fieldProblem(409, '/email', 'email_taken', 'Another user has this e-mail address. Use a different one.')
}

function hasOrders(): Problem {
  return new Problem(
    409,
    'user_has_orders',
    'This user has orders, whose history is kept. Only users who never ordered can be deleted.',
  )
}
