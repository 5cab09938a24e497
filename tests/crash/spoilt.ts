import type { Database, Transaction } from '@comptoir/runtime'

class Spoilt extends Error {}

/** What a look finds in a database as these statements would leave it. They leave nothing. */
export async function spoilt<T>(
  database: Database,
  statements: readonly string[],
  look: (tx: Transaction) => Promise<T>,
): Promise<T> {
  let found: [T] | undefined
  await database
    .transaction(async (tx) => {
      for (const statement of statements) await tx.query(statement)
      found = [await look(tx)]
      throw new Spoilt()
    })
    .catch((error: unknown) => {
      if (!(error instanceof Spoilt)) throw error
    })
  return (found as [T])[0]
}
