import {
  type AwaitedRow,
  type HeldRow,
  type InboxRow,
  type Installation,
  readAwaited,
  readHeld,
  readJournal,
  type SagaRow,
} from './saga-rows.ts'

export type SagaStatus = 'running' | 'paused' | 'completed' | 'cancelled' | 'needs_attention'

/** What is known of one saga. */
export interface SagaState {
  readonly row: SagaRow
  readonly journal: readonly InboxRow[]
  readonly awaited: AwaitedRow | undefined
  /** What waits for it at the services; nothing where that was not read. */
  readonly held: readonly HeldRow[]
}

/** All that is known of these sagas. */
export async function readStates(installation: Installation, rows: readonly SagaRow[]): Promise<SagaState[]> {
  const ids = rows.map((row) => row.id)
  const [journal, awaited, held] = await Promise.all([
    readJournal(installation, ids),
    readAwaited(installation, ids),
    readHeld(installation, ids),
  ])
  return rows.map((row) => ({
    row,
    journal: journal.get(row.id) ?? [],
    awaited: awaited.get(row.id),
    held: held.get(row.id) ?? [],
  }))
}

/** One that is paused has to be resumed first, whatever else it needs. */
export function statusOf({ outcome, paused_since, attention }: SagaRow): SagaStatus {
  if (outcome) return outcome
  if (paused_since !== null) return 'paused'
  return attention === null ? 'running' : 'needs_attention'
}

export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()
