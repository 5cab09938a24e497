import { byDefinition, sagaName } from '@comptoir/runtime'
import type { Phase, StepRecord } from '@comptoir/saga'
import { type PlannedStatus, type PlannedStep, planOf } from './plan.ts'
import {
  type ActRow,
  type InboxRow,
  type Installation,
  readActs,
  readAwaited,
  readJournal,
  type SagaRow,
  selectSagas,
} from './saga-rows.ts'
import { iso, readStates, type SagaState, type SagaStatus, statusOf } from './saga-states.ts'
import { type Stuck, stuckReason } from './stuck.ts'

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
  /** Who paused it, and why; null when it is not paused. */
  readonly paused: { readonly since: string; readonly by: string; readonly reason: string | null } | null
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
  readonly status: PlannedStatus
  readonly reason: string | null
  readonly at: string | null
  readonly undone_at: string | null
  readonly attempts: number
  readonly error: string | null
  readonly waiting_since: string | null
  readonly due: string | null
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
/** What an operator did to it. */
export interface ActView extends Omit<ActRow, 'at'> {
  readonly at: string
}
/** A saga with all that is known of it. */
export interface SagaDetail extends SagaView {
  /** The id of its declaration. */
  readonly definition: string
  /** Why it does not go on; null when it does, or has ended. */
  readonly stuck: Stuck | null
  readonly journal: readonly JournalEntry[]
  readonly acts: readonly ActView[]
}

/** The open ones are few and have a table of their own; the ended ones are found newest first. */
const conditions: Readonly<Record<SagaStatus, string>> = {
  running: 'o.id is not null and o.paused is null and not o.attention',
  paused: 'o.paused is not null',
  needs_attention: 'o.attention and o.paused is null',
  completed: `s.outcome = 'completed'`,
  cancelled: `s.outcome = 'cancelled'`,
}

/** The newest sagas of all homes, or those before a given one, newest first. What is held for them is not looked at. */
export async function listSagas(
  installation: Installation,
  limit: number,
  before: string | undefined,
  status: SagaStatus | undefined,
): Promise<SagaView[]> {
  const found = await Promise.all(
    installation.homes.map((home) =>
      home.query<SagaRow>(
        `${selectSagas(home.name)} where s.id < $1::uuid ${status ? `and ${conditions[status]}` : ''} order by s.id desc limit $2::int`,
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
  return rows.map((row) =>
    viewOf(installation, { row, journal: journal.get(row.id) ?? [], awaited: awaited.get(row.id), held: [] }),
  )
}

/** One saga: its plan, its journal in the order of time, and what operators did to it. */
export async function findSaga(installation: Installation, id: string): Promise<SagaDetail | undefined> {
  const found = await Promise.all(
    installation.homes.map((home) => home.query<SagaRow>(`${selectSagas(home.name)} where s.id = $1`, [id])),
  )
  const [state] = await readStates(installation, found.flat())
  if (!state) return undefined
  const acts = await readActs(installation, id)
  return {
    ...viewOf(installation, state),
    definition: state.row.definition,
    stuck: stuckReason(installation, state) ?? null,
    journal: state.journal.map((entry) => journalEntry(installation, state.row, entry)),
    acts: acts.map(({ act, by, reason, at }) => ({ at: iso(at), act, by, reason })),
  }
}

const isoOrNull = (milliseconds: number | null): string | null => (milliseconds === null ? null : iso(milliseconds))

export function viewOf({ sagas }: Installation, state: SagaState): SagaView {
  const { row, journal, awaited } = state
  // A saga of a declaration that this code does not know any more is shown without its plan.
  const saga = byDefinition(sagas).get(row.definition)
  const plan = saga && planOf(saga, state, Date.now())
  return {
    saga_id: row.id,
    saga: sagaName(row.definition),
    version: Number(row.definition.split('/')[1]),
    style: row.style,
    status: statusOf(row),
    state: (row.outcome ? saga?.end.state : plan?.state) ?? 'UNKNOWN',
    reason: row.reason,
    attention: row.attention,
    paused:
      row.paused_since === null ? null : { since: iso(row.paused_since), by: row.paused_by ?? '', reason: row.pause_reason },
    order_id: row.subject === null ? null : Number(row.subject),
    started_at: iso(row.began),
    ended_at: isoOrNull(row.ended),
    awaited: awaited ? { step: awaited.step, phase: awaited.phase, since: iso(awaited.asked) } : null,
    steps: (plan?.steps ?? []).map((step) => stepView(step, journal)),
  }
}

function stepView({ step, status, attempts, error, waitingSince, due }: PlannedStep, journal: readonly InboxRow[]): StepView {
  const done = journal.find((entry) => entry.step === step.name && entry.phase === 'do')
  const undone = journal.find((entry) => entry.step === step.name && entry.phase === 'undo')
  return {
    step: step.name,
    service: step.at,
    kind: step.kind,
    status,
    reason: done?.reason ?? null,
    at: isoOrNull(done?.at ?? null),
    undone_at: undone && done?.outcome === 'done' ? iso(undone.at) : null,
    attempts,
    error,
    waiting_since: isoOrNull(waitingSince),
    due: isoOrNull(due),
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
