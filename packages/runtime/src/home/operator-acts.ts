import type { Transaction } from '../ports/database.ts'

/** What an operator does to a saga. */
export interface OperatorAct {
  readonly saga: string
  readonly act: 'pause' | 'resume' | 'retry' | 'cancel'
  /** In the operator's words; null when there are none. */
  readonly reason: string | null
  /** Who: `operator at 127.0.0.1`. */
  readonly by: string
}

/** Writes the audit of an act at the service that keeps the saga's row; answers its number. */
export async function noteAct(tx: Transaction, schema: string, { saga, act, reason, by }: OperatorAct): Promise<number> {
  const [row] = await tx.query<{ id: number }>(
    `insert into ${schema}.operator_act (saga, act, reason, acted_by) values ($1, $2, $3, $4) returning id`,
    [saga, act, reason, by],
  )
  return row?.id ?? 0
}
