import { driverMailbox, type Work } from '@comptoir/runtime'
import type { Phase, Saga, StepRecord } from '@comptoir/saga'

/** What the operator's reads need: the services, and the declarations. */
export interface Installation {
  /** Each in its database. What others do is not seen from here. */
  readonly services: readonly Pick<Work, 'name' | 'query'>[]
  /** Those of them that keep the rows of sagas: the homes of the choreographed ones, and the driver of the others. */
  readonly homes: readonly Pick<Work, 'name' | 'query'>[]
  readonly sagas: readonly Saga[]
}

/** A saga as its home or its driver keeps it. Times are milliseconds since 1970. */
export interface SagaRow {
  readonly id: string
  readonly definition: string
  readonly style: string
  readonly subject: string | null
  readonly outcome: 'completed' | 'cancelled' | null
  readonly reason: string | null
  readonly attention: string | null
  readonly began: number
  readonly ended: number | null
  /** When its outcome is made definite, if it is choreographed. */
  readonly deadline: number | null
  readonly paused_since: number | null
  readonly paused_by: string | null
  readonly pause_reason: string | null
}

/** What a participant did in a step. */
export interface InboxRow {
  readonly id: string
  readonly service: string
  readonly step: string
  readonly phase: Exclude<Phase, 'settle'>
  readonly outcome: StepRecord['outcome']
  readonly reason: string | null
  readonly at: number
}

/** What the driver of a saga awaits. */
export interface AwaitedRow {
  readonly saga: string
  readonly style: 'messages' | 'http'
  readonly step: string
  readonly phase: Phase
  readonly asked: number
  /** Over messages: when it is overdue; by calls: when whoever drives must have said so again. Null: neither. */
  readonly due: number | null
  readonly withheld: boolean
  /** Calls that were answered with an error, and the last one. */
  readonly attempts: number
  readonly error: string | null
  readonly attention: boolean
}

/** A message that waits at a service. */
export interface HeldRow {
  readonly key: string
  readonly service: string
  readonly type: string
  readonly definition: string | null
  readonly state: 'retry' | 'parked' | 'dead' | 'unknown'
  readonly settled: boolean
  readonly attempts: number
  readonly due: number | null
  readonly error: string | null
  readonly since: number
}

/** What an operator did. */
export interface ActRow {
  readonly act: string
  readonly by: string
  readonly reason: string | null
  readonly at: number
}

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`

/** The rows of sagas: `s`, and, while they are open, `o`. */
export const selectSagas = (home: string): string =>
  `select s.id, s.definition, s.style, s.subject, s.outcome, s.reason, s.attention, ${ms('s.began_at')} as began, ${ms('s.ended_at')} as ended,
     ${ms('o.due')} as deadline, ${ms('a.at')} as paused_since, a.acted_by as paused_by, a.reason as pause_reason
   from ${home}.saga as s left join ${home}.saga_open as o on o.id = s.id left join ${home}.operator_act as a on a.id = o.paused`

/** What the participants did for these sagas, in the order of time, by saga. */
export async function readJournal(
  { services }: Installation,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly InboxRow[]>> {
  if (ids.length === 0) return new Map()
  const rows = await Promise.all(
    services.map((service) =>
      service.query<InboxRow>(
        `select id, '${service.name}' as service, step, phase, outcome, reason, ${ms('at')} as at
         from ${service.name}.inbox where id = any($1::uuid[]) and phase <> 'event'`,
        [ids],
      ),
    ),
  )
  return bySaga(
    rows.flat().sort((a, b) => a.at - b.at),
    ({ id }) => id,
  )
}

/** What the driver awaits of those of the sagas that it drives and that have not ended. */
export async function readAwaited({ homes }: Installation, ids: readonly string[]): Promise<ReadonlyMap<string, AwaitedRow>> {
  const driver = homes.find(({ name }) => name === driverMailbox)
  if (!driver || ids.length === 0) return new Map()
  const rows = await driver.query<AwaitedRow>(
    `select saga, style, step, phase, ${ms('asked')} as asked, ${ms('due')} as due, withheld, attempts, error, attention
     from ${driver.name}.driving where saga = any($1::uuid[])`,
    [ids],
  )
  return new Map(rows.map((row) => [row.saga, row]))
}

/** What waits for these sagas, in its order, by saga. */
export async function readHeld(
  { services }: Installation,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly HeldRow[]>> {
  if (ids.length === 0) return new Map()
  const rows = await Promise.all(
    services.map((service) =>
      service.query<HeldRow>(
        `select key, '${service.name}' as service, type, definition, state, settled, attempts, ${ms('due')} as due, error, ${ms('since')} as since
         from ${service.name}.held_message where key = any($1::uuid[]) and definition is not null and state <> 'paused' order by id`,
        [ids],
      ),
    ),
  )
  return bySaga(rows.flat(), ({ key }) => key)
}

/** What operators did to a saga, in order. */
export async function readActs({ homes }: Installation, id: string): Promise<readonly ActRow[]> {
  const rows = await Promise.all(
    homes.map((home) =>
      home.query<ActRow>(
        `select act, acted_by as by, reason, ${ms('at')} as at from ${home.name}.operator_act where saga = $1 order by id`,
        [id],
      ),
    ),
  )
  return rows.flat()
}

function bySaga<Row>(rows: readonly Row[], idOf: (row: Row) => string): ReadonlyMap<string, readonly Row[]> {
  const found = new Map<string, Row[]>()
  for (const row of rows) {
    const known = found.get(idOf(row)) ?? []
    found.set(idOf(row), known)
    known.push(row)
  }
  return found
}
