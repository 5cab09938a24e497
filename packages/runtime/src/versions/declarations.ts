import type { Saga } from '@comptoir/saga'
import type { Queryable } from '../ports/database.ts'
import { type DeclarationParts, partsOf } from './declaration-parts.ts'

/** Sagas of one declaration that have not ended. */
export interface OpenSagas {
  /** The declaration: name/version/fingerprint. */
  readonly declaration: string
  /** The service that keeps their rows: their home, or their driver. */
  readonly keeper: string
  readonly count: number
}

/** Keeps what these declarations are, for starts to come. Any number of instances may do it at once. */
export async function recordDeclarations(db: Queryable, schema: string, sagas: readonly Saga[]): Promise<void> {
  // Sorted, so that two instances which find none wait for each other at the first one.
  const sorted = [...sagas].sort((a, b) => (a.id < b.id ? -1 : 1))
  await db.query(
    `insert into ${schema}.declaration (id, name, version, parts)
     select * from unnest($1::text[], $2::text[], $3::int[], $4::text[]) on conflict do nothing`,
    [
      sorted.map(({ id }) => id),
      sorted.map(({ name }) => name),
      sorted.map(({ version }) => version),
      sorted.map((saga) => JSON.stringify(partsOf(saga))),
    ],
  )
}

/** What is open in a database, by declaration. @param schemas the services that are looked at */
export function readOpenSagas(db: Queryable, schemas: readonly string[]): Promise<OpenSagas[]> {
  const counts = schemas.map(
    (schema) =>
      `select s.definition as declaration, '${schema}' as keeper, count(*)::int as count
       from ${schema}.saga_open as o join ${schema}.saga as s on s.id = o.id group by s.definition`,
  )
  return db.query<OpenSagas>(`${counts.join(' union all ')} order by declaration, keeper`)
}

/** The declarations that messages wait at a service for, and of how many sagas. */
export function readAwaited(db: Queryable, service: string): Promise<{ declaration: string; count: number }[]> {
  return db.query(
    `select definition as declaration, count(distinct key)::int as count from ${service}.held_message
     where state = 'unknown' group by definition order by definition`,
  )
}

/**
 * What these declarations were. One that no start has recorded is missing, and so is one whose record may not be read, or
 * stands in a database of before there were any.
 */
export async function readParts(
  db: Queryable,
  schemas: readonly string[],
  declarations: readonly string[],
): Promise<ReadonlyMap<string, DeclarationParts>> {
  const tables = await db.query<{ name: string }>(
    `select name from unnest($1::text[]) as t(name) where has_table_privilege(to_regclass(name), 'select')`,
    [schemas.map((schema) => `${schema}.declaration`)],
  )
  if (tables.length === 0) return new Map()
  const rows = await db.query<{ id: string; parts: string }>(
    tables.map(({ name }) => `select id, parts from ${name} where id = any($1::text[])`).join(' union '),
    [declarations],
  )
  return new Map(rows.map(({ id, parts }) => [id, JSON.parse(parts) as DeclarationParts]))
}

/** A few of the open sagas of a declaration, oldest first. */
export function readExamples(
  db: Queryable,
  { declaration, keeper }: OpenSagas,
  limit: number,
): Promise<{ id: string; subject: string | null }[]> {
  return db.query(
    `select s.id, s.subject from ${keeper}.saga_open as o join ${keeper}.saga as s on s.id = o.id
     where s.definition = $1 order by o.id limit $2::int`,
    [declaration, limit],
  )
}
