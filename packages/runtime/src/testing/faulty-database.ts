import { type Database, DatabaseError, type Queryable, type Row, type Transaction, type Value } from '../ports/database.ts'

/** Where a database may fail: at a query, at a statement of a transaction, instead of its commit, or after it (the answer is lost). */
export type Moment = 'query' | 'statement' | 'commit' | 'answer'

/** A database whose queries and transactions fail when `fails` says so, with that SQLSTATE. */
export function faultyDatabase(inner: Database, fails: (moment: Moment) => string | undefined): Database {
  const meet = (moment: Moment) => {
    const code = fails(moment)
    if (code) throw new DatabaseError(`made to fail at a ${moment}`, code)
  }
  return {
    async query<R = Row>(text: string, values?: readonly Value[]) {
      meet('query')
      return inner.query<R>(text, values)
    },
    script: (text) => inner.script(text),
    close: () => inner.close(),
    async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
      const result = await inner.transaction(async (tx) => {
        // As in a real one, a failed statement fails the transaction whether or not anybody awaits it.
        let failed: unknown
        const queryable: Queryable = {
          async query<R = Row>(text: string, values?: readonly Value[]) {
            try {
              meet('statement')
            } catch (error) {
              failed ??= error
              throw error
            }
            return tx.query<R>(text, values)
          },
        }
        const answer = await work(queryable as Transaction)
        if (failed) throw failed
        meet('commit')
        return answer
      })
      meet('answer')
      return result
    },
  }
}
