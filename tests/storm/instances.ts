import type { Check } from '../crash/invariants/check.ts'

const services = ['store', 'payments', 'orchestrator']
/** The connections of instances; those of tests are called like them. */
const ours = `application_name like 'comptoir %' and application_name <> 'comptoir tests'`
/** The transactions of an instance at rest only look, and are over soon. */
const longest = `interval '5 seconds'`

const held = (schemas: readonly string[]) =>
  `with held as (${schemas
    .map(
      (schema) =>
        `select '${schema}' as service, name, holder from ${schema}.lease where holder <> '' and expires > comptoir.now()`,
    )
    .join(' union all ')})`

/**
 * I20 while instances run and nothing is left to do: of their server, and of a database of theirs.
 *
 * @param schemas the services whose schemas are in it
 */
export const instancesAtRest = (schemas = services): Check[] => [
  {
    invariant: 'I20',
    rule: 'no transaction of an instance is left open',
    sql: `select application_name, datname, state, query from pg_stat_activity where ${ours} and xact_start < clock_timestamp() - ${longest}`,
  },
  {
    // Of one holder each: the lease's name is the key of its row.
    invariant: 'I20',
    rule: 'a lease is held by an instance that is there',
    sql: `${held(schemas)} select * from held where not exists (select from pg_stat_activity where ${ours} and application_name = holder)`,
  },
]

/** The same when all instances have been stopped. */
export const instancesGone = (schemas = services): Check[] => [
  {
    invariant: 'I20',
    rule: 'no connection of an instance is left',
    sql: `select application_name, datname, state, query from pg_stat_activity where ${ours}`,
  },
  { invariant: 'I20', rule: 'no lease is held', sql: `${held(schemas)} select * from held` },
]
