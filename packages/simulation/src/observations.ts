import type { Database } from '@comptoir/runtime'
import type { Cause, Saga } from '@comptoir/saga'

/** A saga as its home knows it, or its driver. */
export interface SimulatedSaga {
  readonly id: string
  /** The name and version of its declaration, as messages carry them. */
  readonly definition: string
  readonly style: string
  /** The business key it was begun with, or that its driver found; null: none. */
  readonly subject: string | null
  /** Null while it runs. */
  readonly outcome: 'completed' | 'cancelled' | null
  /** Why it turned back. */
  readonly cause: Cause | null
  /** Why a person is needed; null: nobody is. */
  readonly attention: string | null
}

/** What one participant has noted of one step. */
export interface JournalEntry {
  readonly service: string
  readonly step: string
  readonly phase: 'do' | 'undo'
  readonly outcome: 'done' | 'failed' | 'refused'
  readonly reason: string | null
}

const eachOf = (services: readonly string[], select: (service: string) => string): string =>
  services.map(select).join(' union all ')

/** All sagas, in the order in which they began. */
export async function readSagas(database: Database, services: readonly string[]): Promise<SimulatedSaga[]> {
  const rows = await database.query<Omit<SimulatedSaga, 'cause'> & { cause_step: string | null; reason: string | null }>(
    `${eachOf(services, (name) => `select id, definition, style, subject, outcome, cause_step, reason, attention from ${name}.saga`)} order by id`,
  )
  return rows.map(({ cause_step, reason, ...saga }) => ({
    ...saga,
    cause: reason === null ? null : { step: cause_step ?? '', reason },
  }))
}

/** What the participants have noted of a saga: its steps forward, then its steps back. */
export async function readJournal(
  database: Database,
  services: readonly string[],
  saga: Saga,
  id: string,
): Promise<JournalEntry[]> {
  const rows = await database.query<JournalEntry>(
    eachOf(
      services,
      (name) =>
        `select '${name}' as service, step, phase, outcome, reason from ${name}.inbox where id = $1 and phase in ('do', 'undo')`,
    ),
    [id],
  )
  const place = ({ step, phase }: JournalEntry) => {
    const index = saga.steps.findIndex(({ name }) => name === step)
    return phase === 'do' ? index : 2 * saga.steps.length - index
  }
  return rows.sort((a, b) => place(a) - place(b))
}

/** How much is still to be done: sagas that run and need nobody, and messages that are tried again. */
export async function countOpen(database: Database, services: readonly string[]): Promise<number> {
  const [row] = await database.query<{ open: number }>(
    `select sum(n)::int as open from (${eachOf(
      services,
      (name) => `select count(*) as n from ${name}.saga where ended_at is null and attention is null
        union all select count(*) from ${name}.held_message where state = 'retry'`,
    )}) as o`,
  )
  return row?.open ?? 0
}
