import type { Row, Value } from '../ports/database.ts'

export interface Request {
  readonly text: string
  readonly values: readonly Value[]
}

export type Outcome = { readonly rows: Row[] } | { readonly error: unknown }

/** SQLSTATE of a statement that was skipped because one before it in its transaction failed. */
export const SKIPPED = '25P02'

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

export const COMMIT: Request = { text: 'commit', values: [] }
