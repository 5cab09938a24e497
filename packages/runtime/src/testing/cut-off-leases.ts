import { DatabaseLeases } from '../leading/database-leases.ts'
import { type Database, DatabaseError } from '../ports/database.ts'

/** Leases in a database from which they can be cut off. */
export function cutOffLeases(database: Database, schema: string, instance: string) {
  let cut = false
  const behindACut: Database = {
    query: (text, values) => (cut ? Promise.reject(new DatabaseError('the line is cut', '08006')) : database.query(text, values)),
    transaction: (work) => database.transaction(work),
    script: (text) => database.script(text),
    close: () => Promise.resolve(),
  }
  return {
    leases: new DatabaseLeases(behindACut, schema, instance),
    cutOff: () => {
      cut = true
    },
  }
}
