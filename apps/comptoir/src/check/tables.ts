import type { Queryable } from '@comptoir/runtime'
import type { Trace } from './trace.ts'

/** What a handler does to tables: `insert store.orders`. A statement that writes is a command, any other a query. */
export interface Effects {
  readonly commands: readonly string[]
  readonly queries: readonly string[]
}

/** The parts of a node of PostgreSQL's plan that say which table it touches, and how. */
interface PlanNode {
  readonly 'Node Type': string
  readonly Operation?: 'Insert' | 'Update' | 'Delete' | 'Merge'
  readonly 'Conflict Resolution'?: 'NOTHING' | 'UPDATE'
  readonly 'Relation Name'?: string
  readonly Schema?: string
  readonly Plans?: readonly PlanNode[]
}

/** What the recorded statements do, as PostgreSQL plans them: nothing here reads SQL by itself. */
export async function effectsOf(database: Queryable, { statements, locks }: Trace): Promise<Effects> {
  const commands = new Set<string>()
  const queries = new Set<string>([...locks].map((table) => `select ${table} for update`))
  for (const [text, values] of statements) {
    // Generic: with the values of the example the planner might leave a part out.
    const rows = await database.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
      `explain (generic_plan, verbose, costs off, format json) ${text}`,
      values,
    )
    const nodes = rows.flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan }) => flat(Plan)))
    const written = nodes.flatMap(writesOf)
    const targets = new Set(nodes.filter(({ Operation }) => Operation !== undefined && Operation !== 'Insert').map(tableOf))
    const locking = nodes.some((node) => node['Node Type'] === 'LockRows') ? ' for update' : ''
    for (const write of written) commands.add(write)
    for (const node of nodes) {
      // An update scans what it updates: that is no query.
      if (node['Relation Name'] === undefined || node.Operation !== undefined || targets.has(tableOf(node))) continue
      queries.add(`select ${tableOf(node)}${locking}`)
    }
  }
  return { commands: [...commands], queries: [...queries] }
}

const flat = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flat)]
const tableOf = (node: PlanNode): string => `${node.Schema}.${node['Relation Name']}`

function writesOf(node: PlanNode): string[] {
  if (node.Operation === undefined) return []
  const also = node['Conflict Resolution'] === 'UPDATE' ? ' or update' : ''
  return [`${node.Operation.toLowerCase()}${also} ${tableOf(node)}`]
}
