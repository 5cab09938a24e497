import type { Database } from '@comptoir/runtime'

/** A fault of the database that lasts until it is healed. */
export interface Fault {
  heal(): Promise<void>
}

let faults = 0

/** Makes a table refuse rows, all or those for which `when` (SQL over `new` and `old`) is true. */
export async function refuseRows(database: Database, on: string, table: string, when = 'true'): Promise<Fault> {
  faults += 1
  const name = `fault_${faults}`
  await database.script(`
    create function test.${name}() returns trigger language plpgsql as $$ begin raise exception 'injected'; end $$;
    create trigger ${name} before ${on} on ${table} for each row when (${when}) execute function test.${name}();`)
  return { heal: () => database.script(`drop trigger ${name} on ${table}`) }
}
