import type { Database } from '@comptoir/runtime'
import type { ServiceName } from './services.ts'

/** The read model's schema, and the service that keeps it; a rebuild makes another schema and puts it in its place. */
const view = 'store_view'
export const viewOwner: ServiceName = 'store'

/**
 * What a reader sees of each table: all of it, or these columns. Who a user is, what messages carry and what the keys of
 * clients stand for is not listed. Nor is a table that nobody has thought of.
 */
const tables: Readonly<Record<'comptoir' | ServiceName, Readonly<Record<string, readonly string[] | 'all'>>>> = {
  comptoir: { epoch: 'all', migration: 'all' },
  store: {
    products: 'all',
    stocks: 'all',
    stock_ledger: 'all',
    orders: 'all',
    order_items: 'all',
    order_expiry: 'all',
    users: ['id', 'has_orders', 'version'],
  },
  payments: { payments: 'all', holds: 'all' },
  orchestrator: {
    driving: [
      'saga',
      'definition',
      'style',
      'kind',
      'step',
      'phase',
      'cause_step',
      'reason',
      'asked',
      'due',
      'paused',
      'withheld',
      'attempts',
      'attention',
    ],
  },
}
const engineTables: Readonly<Record<string, readonly string[] | 'all'>> = {
  log: ['mailbox', 'epoch', 'txid', 'pos', 'key', 'type', 'id', 'definition', 'created'],
  inbox: ['id', 'step', 'phase', 'outcome', 'reason', 'at'],
  held_message: [
    'id',
    'key',
    'state',
    'due',
    'attempts',
    'settled',
    'attention',
    'source',
    'type',
    'definition',
    'created',
    'since',
  ],
  held_key: 'all',
  replay_request: 'all',
  operator_act: 'all',
  started: 'all',
  position: 'all',
  saga: 'all',
  saga_open: 'all',
  lease: 'all',
  member: 'all',
  declaration: 'all',
  lost: 'all',
}

/**
 * Rows, and no table: partitions come from functions of the owner, and the read model is the role's own, because a rebuild
 * makes it anew.
 */
export async function grantApp(database: Database, names: readonly ServiceName[], app: string): Promise<void> {
  const role = await quoted(database, app)
  const schemas = ['comptoir', ...names]
  await database.script(`
    begin;
    ${schemas
      .map(
        (schema) => `
          grant usage on schema ${schema} to ${role};
          grant select, insert, update, delete on all tables in schema ${schema} to ${role};
          grant usage, update on all sequences in schema ${schema} to ${role};`,
      )
      .join('')}
    revoke insert, update, delete on comptoir.migration from ${role};
    ${names
      .map(
        (schema) =>
          `grant execute on function ${schema}.add_partition(text, date), ${schema}.drop_partition(text, date) to ${role};`,
      )
      .join('\n')}
    ${names.includes(viewOwner) ? await ownership(database, app, role) : ''}
    commit;`)
}

async function ownership(database: Database, app: string, role: string): Promise<string> {
  const [where] = await database.query<{ name: string }>('select quote_ident(current_database()) as name')
  const others = await database.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = $1 and tableowner <> $2`,
    [view, app],
  )
  return `
    grant create on database ${where?.name} to ${role};
    alter schema ${view} owner to ${role};
    ${others.map(({ name }) => `alter table ${name} owner to ${role};`).join('\n')}`
}

/** Reading, also of the read models that rebuilds will make. */
export async function grantReader(database: Database, names: readonly ServiceName[], app: string, reader: string): Promise<void> {
  const [owner, role] = [await quoted(database, app), await quoted(database, reader)]
  const grants = (['comptoir', ...names] as const).flatMap((schema) => [
    `grant usage on schema ${schema} to ${role};`,
    ...Object.entries({ ...tables[schema], ...(schema === 'comptoir' ? {} : engineTables) }).map(([table, columns]) =>
      columns === 'all'
        ? `grant select on ${schema}.${table} to ${role};`
        : `grant select (${columns.map((column) => `"${column}"`).join(', ')}) on ${schema}.${table} to ${role};`,
    ),
  ])
  const ofView = `
    grant usage on schema ${view} to ${role};
    grant select on all tables in schema ${view} to ${role};
    alter default privileges for role ${owner} grant usage on schemas to ${role};
    alter default privileges for role ${owner} grant select on tables to ${role};`
  await database.script(`begin; ${grants.join('\n')} ${names.includes(viewOwner) ? ofView : ''} commit;`)
}

async function quoted(database: Database, role: string): Promise<string> {
  const [row] = await database.query<{ role: string }>('select quote_ident($1) as role', [role])
  return row?.role ?? ''
}
