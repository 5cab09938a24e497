import { byDefinition, driverMailbox, sagaName, type Work } from '@comptoir/runtime'
import { type Phase, progressOf, type Saga, type StepRecord, type StepStatus } from '@comptoir/saga'

export type SagaStatus = 'running' | 'completed' | 'cancelled' | 'needs_attention'

/** A saga as operators see it, merged over its home and its participants. */
export interface SagaView {
  readonly saga_id: string
  readonly saga: string
  readonly version: number
  readonly style: string
  readonly status: SagaStatus
  readonly state: string
  readonly reason: string | null
  /** Why a person is needed; null when nobody is. */
  readonly attention: string | null
  readonly order_id: number | null
  readonly started_at: string
  readonly ended_at: string | null
  /** The answer that the driver of an orchestrated saga waits for; null when none is awaited. */
  readonly awaited: { readonly step: string; readonly phase: Phase; readonly since: string } | null
  readonly steps: readonly StepView[]
}
export interface StepView {
  readonly step: string
  readonly service: string
  readonly kind: string
  readonly status: StepStatus
  readonly reason: string | null
  readonly at: string | null
  readonly undone_at: string | null
}
/** One inbox row: what a participant did, and what it said. */
export interface JournalEntry {
  readonly at: string
  readonly service: string
  readonly step: string
  readonly phase: Exclude<Phase, 'settle'>
  readonly outcome: StepRecord['outcome']
  readonly message: string
  readonly reason: string | null
}

/** What the operator's reads need: the services, and the declarations. */
export interface Installation {
  /** Each in its database. What others do is not seen from here. */
  readonly services: readonly Pick<Work, 'name' | 'query'>[]
  /** Those of them that keep the rows of sagas: the homes of the choreographed ones, and the driver of the others. */
  readonly homes: readonly Pick<Work, 'name' | 'query'>[]
  readonly sagas: readonly Saga[]
}

interface SagaRow {
  id: string
  definition: string
  style: string
  subject: string | null
  outcome: 'completed' | 'cancelled' | null
  reason: string | null
  attention: string | null
  began: number
  ended: number | null
}
interface InboxRow {
  id: string
  service: string
  step: string
  phase: JournalEntry['phase']
  outcome: StepRecord['outcome']
  reason: string | null
  at: number
}

const columns = `id, definition, style, subject, outcome, reason, attention,
  (extract(epoch from began_at) * 1000)::float8 as began, (extract(epoch from ended_at) * 1000)::float8 as ended`

/** The open ones are few and have a table of their own; the ended ones are found newest first. */
const conditions = (home: string): Readonly<Record<SagaStatus, string>> => ({
  running: `id in (select id from ${home}.saga_open) and attention is null`,
  needs_attention: `id in (select id from ${home}.saga_open) and attention is not null`,
  completed: `outcome = 'completed'`,
  cancelled: `outcome = 'cancelled'`,
})

type Home = Installation['homes'][number]

/** The newest sagas of all homes, or those before a given one, newest first. */
export async function listSagas(
  installation: Installation,
  limit: number,
  before: string | undefined,
  status: SagaStatus | undefined,
): Promise<SagaView[]> {
  const found = await Promise.all(
    installation.homes.map((home) =>
      home.query<SagaRow>(
        `select ${columns} from ${home.name}.saga where id < $1::uuid ${status ? `and ${conditions(home.name)[status]}` : ''} order by id desc limit $2::int`,
        [before ?? 'ffffffff-ffff-ffff-ffff-ffffffffffff', limit],
      ),
    ),
  )
  // An id begins with the time: of all homes together, too, the newest are the highest.
  const rows = found
    .flat()
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit)
  const ids = rows.map((row) => row.id)
  const [journal, awaited] = await Promise.all([readJournal(installation, ids), readAwaited(installation, ids)])
  return rows.map((row) => view(installation, row, journal.get(row.id) ?? [], awaited.get(row.id)))
}

/** One saga with its journal, in the order of time. */
export async function findSaga(
  installation: Installation,
  id: string,
): Promise<(SagaView & { readonly journal: readonly JournalEntry[] }) | undefined> {
  const byId = (home: Home) => home.query<SagaRow>(`select ${columns} from ${home.name}.saga where id = $1`, [id])
  const [row] = (await Promise.all(installation.homes.map(byId))).flat()
  if (!row) return undefined
  const [journal, awaited] = await Promise.all([readJournal(installation, [id]), readAwaited(installation, [id])])
  const entries = journal.get(id) ?? []
  return {
    ...view(installation, row, entries, awaited.get(id)),
    journal: entries.map((entry) => journalEntry(installation, row, entry)),
  }
}

async function readJournal({ services }: Installation, ids: readonly string[]): Promise<ReadonlyMap<string, InboxRow[]>> {
  const journal = new Map<string, InboxRow[]>()
  if (ids.length === 0) return journal
  const rows = await Promise.all(
    services.map((service) =>
      service.query<InboxRow>(
        `select id, '${service.name}' as service, step, phase, outcome, reason, (extract(epoch from at) * 1000)::float8 as at
         from ${service.name}.inbox where id = any($1::uuid[]) and phase <> 'event'`,
        [ids],
      ),
    ),
  )
  for (const row of rows.flat().sort((a, b) => a.at - b.at)) journal.set(row.id, [...(journal.get(row.id) ?? []), row])
  return journal
}

interface AwaitedRow {
  saga: string
  step: string
  phase: Phase
  asked: number
}

/** What the driver awaits of those of the sagas that it drives and that have not ended. */
async function readAwaited({ homes }: Installation, ids: readonly string[]): Promise<ReadonlyMap<string, AwaitedRow>> {
  const driver = homes.find(({ name }) => name === driverMailbox)
  if (!driver || ids.length === 0) return new Map()
  const rows = await driver.query<AwaitedRow>(
    `select saga, step, phase, (extract(epoch from asked) * 1000)::float8 as asked from ${driver.name}.driving where saga = any($1::uuid[])`,
    [ids],
  )
  return new Map(rows.map((row) => [row.saga, row]))
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()

function view({ sagas }: Installation, row: SagaRow, entries: readonly InboxRow[], awaited: AwaitedRow | undefined): SagaView {
  const saga = byDefinition(sagas).get(row.definition)
  const version = Number(row.definition.split('/')[1])
  const doing = new Map(entries.filter((entry) => entry.phase === 'do').map((entry) => [entry.step, entry]))
  const undoing = new Map(entries.filter((entry) => entry.phase === 'undo').map((entry) => [entry.step, entry]))
  const records = new Map([...doing].map(([step, { outcome }]) => [step, { outcome, undone: undoing.has(step) }]))
  // A saga of a declaration that this code does not know any more is shown without its plan.
  const progress = saga && progressOf(saga, records)
  return {
    saga_id: row.id,
    saga: sagaName(row.definition),
    version,
    style: row.style,
    status: row.outcome ?? (row.attention === null ? 'running' : 'needs_attention'),
    state: (row.outcome ? saga?.end.state : progress?.state) ?? 'UNKNOWN',
    reason: row.reason,
    attention: row.attention,
    order_id: row.subject === null ? null : Number(row.subject),
    started_at: iso(row.began),
    ended_at: row.ended === null ? null : iso(row.ended),
    awaited: awaited ? { step: awaited.step, phase: awaited.phase, since: iso(awaited.asked) } : null,
    steps: (progress?.steps ?? []).map(({ step, status }) => {
      const done = doing.get(step.name)
      const undone = undoing.get(step.name)
      return {
        step: step.name,
        service: step.at,
        kind: step.kind,
        status,
        reason: done?.reason ?? null,
        at: done ? iso(done.at) : null,
        undone_at: undone && done?.outcome === 'done' ? iso(undone.at) : null,
      }
    }),
  }
}

function journalEntry(
  { sagas }: Installation,
  row: SagaRow,
  { service, step: name, phase, outcome, reason, at }: InboxRow,
): JournalEntry {
  const step = byDefinition(sagas)
    .get(row.definition)
    ?.steps.find((candidate) => candidate.name === name)
  const message = phase === 'undo' ? step?.undo?.done.name : outcome === 'done' ? step?.done.name : step?.failed?.name
  return {
    at: iso(at),
    service,
    step: phase === 'undo' ? (step?.undo?.name ?? name) : name,
    phase,
    outcome,
    message: message ?? name,
    reason,
  }
}
