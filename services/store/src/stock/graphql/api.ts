import { Problem } from '@comptoir/http'
import type { Work } from '@comptoir/runtime'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import type { EntryReads } from '../../entry-reads.ts'
import type { ReadYourWrites } from '../../read-your-writes.ts'
import { answerQuery, type Variables } from './answer.ts'

const Query = Type.Object(
  { query: Type.String(), variables: Type.Optional(Type.Unsafe<Variables | null>({ type: ['object', 'null'] })) },
  { additionalProperties: false },
)
const REFUSED = 'application/graphql-response+json; charset=utf-8'

const config = { policy: ['clerk', 'operator'] } as const

/**
 * The stock query: GraphQL over HTTP, by POST and for queries only.
 *
 * @param entries the read store, where there is one
 */
export function graphqlApi(work: Work, reads: ReadYourWrites, entries?: EntryReads): FastifyPluginAsync {
  return async (app) => {
    app.post<{ Body: Static<typeof Query> }>(
      '/stocks/graphql-query',
      { config, schema: { summary: 'Ask for products and stock levels in GraphQL', tags: ['stock'], body: Query } },
      async (request, reply) => {
        const { query, variables = null } = request.body
        const answer = await answerQuery({ work, reads, entries }, query, variables)
        if (answer.kind === 'refused') return reply.code(400).type(REFUSED).send({ errors: answer.errors })
        return { data: answer.data, errors: null }
      },
    )

    // Without this route, GET would take `graphql-query` for the id of a product.
    app.get('/stocks/graphql-query', { config, schema: { hide: true } }, async () => {
      throw new Problem(405, 'method_not_allowed', 'Queries are sent by POST.', { headers: { allow: 'POST' } })
    })
  }
}
