import type { Row, Value } from '../ports/database.ts'
import type { Outcome, Request } from './pipeline.ts'

/** A request whose caller waits for its outcome. */
export interface Issued extends Request {
  settle(outcome: Outcome): void
}

/** A request and the promise of its rows. */
export function issue<R>(text: string, values: readonly Value[]): { issued: Issued; answer: Promise<R[]> } {
  let settle: Issued['settle'] = () => {}
  const answer = new Promise<R[]>((resolve, reject) => {
    settle = (outcome) => {
      if ('error' in outcome) reject(outcome.error)
      // What a row contains is the caller's word: the type parameter of query() describes its own SQL.
      else resolve(outcome.rows as (Row & R)[])
    }
  })
  return { issued: { text, values, settle }, answer }
}
