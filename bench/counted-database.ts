import type { Database, Queryable, Transaction } from '@comptoir/runtime'

/** A database that counts the statements it is given, in transactions and alone. */
export interface CountedDatabase extends Database {
  readonly statements: number
}

export function countedDatabase(database: Database): CountedDatabase {
  let statements = 0
  const counted = <Q extends Queryable>(queryable: Q): Q['query'] =>
    function query(text, values) {
      statements += 1
      return queryable.query(text, values)
    }
  return {
    get statements() {
      return statements
    },
    query: counted(database),
    // The brand of a transaction exists for the type system only.
    transaction: (work) => database.transaction((tx) => work({ query: counted(tx) } as Transaction)),
    script: (text) => database.script(text),
    close: () => database.close(),
  }
}
