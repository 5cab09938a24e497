import {
  type DocumentNode,
  execute,
  GraphQLError,
  Kind,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import { exceededLimits, MOST_TOKENS } from './limits.ts'
import { createLoaders, type Readable, root, schema } from './schema.ts'

/** Values of a query's variables by name. */
export type Variables = Readonly<Record<string, unknown>>

export type GraphqlAnswer =
  | { readonly kind: 'executed'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly errors: readonly GraphQLError[] }

/**
 * Answers a query, or refuses it before anything is executed.
 *
 * @throws what a resolver threw: no field can fail for a reason of its own, so that is an outage, not a partial answer
 */
export async function answerQuery(from: Readable, query: string, variables: Variables | null): Promise<GraphqlAnswer> {
  const document = parseBounded(query)
  if (document instanceof GraphQLError) return { kind: 'refused', errors: [document] }
  const errors = faultsOf(document)
  if (errors.length > 0) return { kind: 'refused', errors }
  const result = await execute({
    schema,
    document,
    rootValue: root,
    contextValue: createLoaders(from),
    variableValues: variables,
    hideSuggestions: true,
  })
  if (result.data == null) return { kind: 'refused', errors: result.errors ?? [] }
  const outage = result.errors?.[0]
  if (outage !== undefined) throw outage.originalError ?? outage
  return { kind: 'executed', data: result.data }
}

function parseBounded(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query, { maxTokens: MOST_TOKENS })
  } catch (error) {
    if (error instanceof GraphQLError) return error
    throw error
  }
}

/** In this order, because validation is only safe on what is within the limits. */
function faultsOf(document: DocumentNode): readonly GraphQLError[] {
  const exceeded = exceededLimits(document)
  if (exceeded.length > 0) return exceeded
  const invalid = validate(schema, document, [...specifiedRules, NoSchemaIntrospectionCustomRule], {
    hideSuggestions: true,
    maxErrors: 20,
  })
  return invalid.length > 0 ? invalid : otherThanQueries(document)
}

/** The schema has queries only, but validation knows no rule for that. */
function otherThanQueries(document: DocumentNode): GraphQLError[] {
  return document.definitions
    .filter((node) => node.kind === Kind.OPERATION_DEFINITION)
    .filter((node) => node.operation !== 'query')
    .map((node) => new GraphQLError(`There is no ${node.operation} here, only queries.`, { nodes: node }))
}
