import type { Database, Queryable, Transaction } from '@comptoir/runtime'

/** Rows on their way at once: the longest row is 64 KiB. */
const pageRows = 500

/** What an installation leaves behind that a rebuild of the read model did not finish is not worth a move. */
const unfinished = ['store_view_next', 'store_view_replaced']

/**
 * The tables of all schemas, those with references to others last. Partitions are not listed. The list of migrations is not
 * data: it must be the same on both sides.
 */
export async function dataTables(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
     from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
       and n.nspname <> all ($1::text[]) and (n.nspname, c.relname) <> ('comptoir', 'migration')
     order by exists (select from pg_constraint as k where k.conrelid = c.oid and k.contype = 'f'), 1`,
    [unfinished],
  )
  return rows.map(({ name }) => name)
}

/** Those of the tables that exist and hold a row. */
export async function filled(db: Queryable, tables: readonly string[]): Promise<string[]> {
  const there = await db.query<{ name: string }>(
    'select name from unnest($1::text[]) as t(name) where to_regclass(name) is not null',
    [tables],
  )
  const rows = await Promise.all(there.map(async ({ name }) => ({ name, row: await db.query(`select from ${name} limit 1`) })))
  return rows.filter(({ row }) => row.length > 0).map(({ name }) => name)
}

/**
 * Copies every row of these tables, and where their sequences stand, page by page: neither side ever holds more than one.
 *
 * @returns how many rows that was
 */
export function copyDatabase(from: Database, to: Transaction, tables: readonly string[]): Promise<number> {
  return from.transaction(async (source) => {
    await copyPartitions(source, to)
    let rows = 0
    for (const [index, table] of tables.entries()) rows += await copyTable(source, to, table, `copied_${index}`)
    await copySequences(source, to)
    return rows
  })
}

/** The days of the logs and inboxes, so that retention finds at the target what it would have found at the source. */
async function copyPartitions(source: Queryable, to: Queryable): Promise<void> {
  const partitions = await source.query<{ schema: string; parent: string; day: string }>(
    `select n.nspname as schema, p.relname as parent, right(c.relname, 8) as day
     from pg_inherits as i join pg_class as c on c.oid = i.inhrelid join pg_class as p on p.oid = i.inhparent join pg_namespace as n on n.oid = p.relnamespace
     where p.relkind = 'p' and c.relname ~ '_[0-9]{8}$'`,
  )
  for (const { schema, parent, day } of partitions)
    await to.query(`select ${schema}.add_partition($1::text, $2::text::date)`, [parent, day])
}

async function copyTable(source: Queryable, to: Queryable, table: string, cursor: string): Promise<number> {
  const columns = await source.query<{ name: string; type: string }>(
    `select quote_ident(attname) as name, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = $1::text::regclass and attnum > 0 and not attisdropped order by attnum`,
    [table],
  )
  const names = columns.map(({ name }) => name).join(', ')
  const texts = columns.map(({ name }, n) => `${name}::text as c${n}`).join(', ')
  // Every type is read as its text, and made of it again.
  const insert = `insert into ${table} (${names}) overriding system value
    select ${columns.map(({ type }, n) => `c${n}::${type}`).join(', ')}
    from unnest(${columns.map((_, n) => `$${n + 1}::text[]`).join(', ')}) as r(${columns.map((_, n) => `c${n}`).join(', ')})`
  await source.query(`declare ${cursor} no scroll cursor for select ${texts} from ${table}`)
  for (let copied = 0; ; ) {
    const page = await source.query<Record<string, string | null>>(`fetch ${pageRows} from ${cursor}`)
    if (page.length > 0)
      await to.query(
        insert,
        columns.map((_, n) => page.map((row) => row[`c${n}`] ?? null)),
      )
    copied += page.length
    if (page.length < pageRows) {
      await source.query(`close ${cursor}`)
      return copied
    }
  }
}

async function copySequences(source: Queryable, to: Queryable): Promise<void> {
  const sequences = await source.query<{ name: string; last: number }>(
    `select format('%I.%I', schemaname, sequencename) as name, last_value as last from pg_sequences
     where last_value is not null and schemaname <> all ($1::text[])`,
    [unfinished],
  )
  for (const { name, last } of sequences) await to.query('select setval($1::text::regclass, $2)', [name, last])
}
