import { type DocumentNode, type FragmentDefinitionNode, GraphQLError, Kind, type SelectionSetNode } from 'graphql'

/** Most tokens that are parsed. */
export const MOST_TOKENS = 1000
/** Fields within fields. */
const DEEPEST = 8
const MOST_ALIASES = 15
/** Fields in all, each spread of a fragment counted anew. */
const HIGHEST_COST = 200

interface Size {
  readonly depth: number
  readonly aliases: number
  readonly cost: number
}

const NOTHING: Size = { depth: 0, aliases: 0, cost: 0 }

/**
 * What is too large about a document, found before it is validated or executed. Each fragment is measured once: those
 * that spread each other twice would take exponential time. Cycles, and fragments that nobody spreads, are left to
 * validation.
 */
export function exceededLimits(document: DocumentNode): GraphQLError[] {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const node of document.definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node)
  const measured = new Map<string, Size>()

  const sizeOfFragment = (name: string): Size => {
    const known = measured.get(name)
    if (known !== undefined) return known
    measured.set(name, NOTHING)
    const fragment = fragments.get(name)
    const size = fragment === undefined ? NOTHING : sizeOf(fragment.selectionSet)
    measured.set(name, size)
    return size
  }

  const sizeOf = ({ selections }: SelectionSetNode): Size => {
    let size = NOTHING
    for (const node of selections) {
      if (node.kind === Kind.FRAGMENT_SPREAD) size = beside(size, sizeOfFragment(node.name.value))
      else {
        const inner = node.selectionSet === undefined ? NOTHING : sizeOf(node.selectionSet)
        size = beside(size, node.kind === Kind.FIELD ? fieldAround(inner, node.alias !== undefined) : inner)
      }
    }
    return size
  }

  let whole = NOTHING
  for (const node of document.definitions) {
    if (node.kind === Kind.OPERATION_DEFINITION) whole = beside(whole, sizeOf(node.selectionSet))
  }
  return faultsOf(whole)
}

function beside(a: Size, b: Size): Size {
  return { depth: Math.max(a.depth, b.depth), aliases: a.aliases + b.aliases, cost: a.cost + b.cost }
}

function fieldAround(inner: Size, aliased: boolean): Size {
  return { depth: inner.depth + 1, aliases: inner.aliases + (aliased ? 1 : 0), cost: inner.cost + 1 }
}

function faultsOf({ depth, aliases, cost }: Size): GraphQLError[] {
  const faults: GraphQLError[] = []
  if (depth > DEEPEST) faults.push(new GraphQLError(`The query is more than ${DEEPEST} fields deep. Ask for less at once.`))
  if (aliases > MOST_ALIASES)
    faults.push(new GraphQLError(`The query has more than ${MOST_ALIASES} aliases. Send several queries.`))
  if (cost > HIGHEST_COST) faults.push(new GraphQLError(`The query has more than ${HIGHEST_COST} fields. Send several queries.`))
  return faults
}
