import { byDefinition, driverMailbox, firstUuidAt, sagaName } from '@comptoir/runtime'
import { type PlannedStep, planOf, usualMs } from './plan.ts'
import { type Installation, type SagaRow, selectSagas } from './saga-rows.ts'
import { iso, readStates, type SagaState, type SagaStatus, statusOf } from './saga-states.ts'

/** Why an open saga does not go on, and what helps. */
export interface Stuck {
  readonly reason: 'paused' | 'needs_attention' | 'unknown_declaration' | 'driver_gone' | 'retrying' | 'overdue'
  readonly detail: string
  readonly cure: string
  /** The step whose turn it is, and the service that has it; null when this code does not know the declaration. */
  readonly step: string | null
  readonly service: string | null
  readonly since: string
  readonly attempts: number
  /** When it is tried again, or its outcome made definite; null: nobody knows. */
  readonly due: string | null
}
/** A saga that does not go on. */
export interface StuckSaga extends Stuck {
  readonly saga_id: string
  readonly saga: string
  readonly style: string
  readonly status: SagaStatus
  readonly order_id: number | null
}

/** Of what may be late, so many are looked at, the oldest first. */
const lookLimit = 1_000
/** What is due is done within a second: when it is not so long after, nobody does it. In milliseconds. */
const goneMs = 5_000

/** Open sagas that do not go on, the oldest first, at most `limit`. Those that have ended are not looked at. */
export async function listStuck(installation: Installation, limit: number, now = Date.now()): Promise<StuckSaga[]> {
  const held = await heldSagas(installation, limit)
  const [marked, late, driven, others] = await Promise.all([
    markedSagas(installation, limit),
    lateSagas(installation, now),
    lateDrives(installation, now),
    sagasOf(installation, held),
  ])
  const rows = new Map([...marked, ...late, ...(await sagasOf(installation, driven)), ...others].map((row) => [row.id, row]))
  const oldestFirst = [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  const states = await readStates(installation, oldestFirst)
  const found = states.flatMap((state) => {
    const stuck = stuckReason(installation, state, now)
    const { id, definition, style, subject } = state.row
    const order_id = subject === null ? null : Number(subject)
    return stuck ? [{ saga_id: id, saga: sagaName(definition), style, status: statusOf(state.row), order_id, ...stuck }] : []
  })
  return found.slice(0, limit)
}

/** Why a saga does not go on; undefined when it does, or has ended. */
export function stuckReason({ sagas }: Installation, state: SagaState, now = Date.now()): Stuck | undefined {
  const { row, awaited, held } = state
  if (row.outcome !== null) return undefined
  const saga = byDefinition(sagas).get(row.definition)
  const next = saga && planOf(saga, state, now).steps.find(({ waitingSince }) => waitingSince !== null)
  const place = {
    step: next?.step.name ?? null,
    service: next?.step.at ?? null,
    since: iso(next?.waitingSince ?? row.began),
    attempts: next?.attempts ?? 0,
    due: next?.due == null ? null : iso(next.due),
  }
  const act = (name: string) => `POST /saga-api/sagas/${row.id}/${name}, or \`comptoir saga ${name} ${row.id}\``
  if (row.paused_since !== null) {
    const why = row.pause_reason === null ? '' : `: ${row.pause_reason}`
    const detail = `Paused by ${row.paused_by}${why}.`
    return { reason: 'paused', detail, cure: `Resume it: ${act('resume')}.`, ...place, since: iso(row.paused_since), due: null }
  }
  if (next?.status === 'dead' || row.attention !== null) {
    const what = next?.error && `${nameOf(next)} fails: ${next.error}`
    // A message that nobody should have sent may be for another step than the one whose turn it is.
    const dead = held.find((message) => message.state === 'dead' && !message.settled)
    const attempts = Math.max(place.attempts, dead?.attempts ?? 0)
    const detail = `${what ?? row.attention} (${attempts} attempts).`
    return {
      reason: 'needs_attention',
      detail,
      cure: `Remove the cause, then try it again: ${act('retry')}.`,
      ...place,
      attempts,
      due: null,
    }
  }
  const unknown = held.find((message) => message.state === 'unknown')
  if (unknown) {
    const detail = `${unknown.service} holds ${unknown.type}: its code does not know the declaration ${unknown.definition}.`
    const cure = `Start a release of ${unknown.service} that knows it; what is held goes on by itself.`
    return {
      reason: 'unknown_declaration',
      detail,
      cure,
      ...place,
      service: unknown.service,
      since: iso(unknown.since),
      due: null,
    }
  }
  if (awaited && awaited.due !== null && awaited.due < now - goneMs) {
    const detail = `Nobody drives it: that was due at ${iso(awaited.due)}.`
    const cure = 'Is an orchestrator running? Start one: comptoir serve --service orchestrator, or an instance of all services.'
    return { reason: 'driver_gone', detail, cure, ...place, due: null }
  }
  if (!next) return undefined
  if (next.status === 'retrying') {
    const detail = `${nameOf(next)} fails: ${next.error} (${next.attempts} attempts so far).`
    return { reason: 'retrying', detail, cure: 'It is tried again by itself; remove the cause if it goes on failing.', ...place }
  }
  if (next.status !== 'overdue') return undefined
  const detail = `${nameOf(next)} has not answered since ${place.since}.`
  const cure = `Is ${next.step.at} running? Look at its /readyz; the saga goes on as soon as it answers.`
  return { reason: 'overdue', detail, cure, ...place }
}

const nameOf = ({ step, status }: PlannedStep): string =>
  `${status === 'undoing' ? `The undo of ${step.name}` : step.name} at ${step.at}`

/** Paused, or in need of a person: their rows say so. */
async function markedSagas({ homes }: Installation, limit: number): Promise<SagaRow[]> {
  const found = homes.map((home) =>
    home.query<SagaRow>(`${selectSagas(home.name)} where o.paused is not null or o.attention order by s.id limit $1::int`, [
      limit,
    ]),
  )
  return (await Promise.all(found)).flat()
}

/** Choreographed, and open for longer than a step usually takes. An id begins with the time. */
async function lateSagas({ homes }: Installation, now: number): Promise<SagaRow[]> {
  const found = homes.map((home) =>
    home.query<SagaRow>(
      `${selectSagas(home.name)} where o.id < $1::uuid and s.style = 'choreographed' order by s.id limit $2::int`,
      [firstUuidAt(now - usualMs), lookLimit],
    ),
  )
  return (await Promise.all(found)).flat()
}

/** Driven, and nobody drives them, their calls fail, or their step takes longer than it may. */
async function lateDrives({ homes, sagas }: Installation, now: number): Promise<string[]> {
  const driver = homes.find(({ name }) => name === driverMailbox)
  if (!driver) return []
  const timed = sagas.flatMap(({ id, steps }) =>
    steps.flatMap(({ name, timeout }) => (timeout === undefined ? [] : [{ id, name, timeout }])),
  )
  const rows = await driver.query<{ saga: string }>(
    `select d.saga from ${driver.name}.driving as d
       left join unnest($1::text[], $2::text[], $3::float8[]) as t(definition, step, ms) on t.definition = d.definition and t.step = d.step
     where d.attempts > 0 or d.due < $4::timestamptz - make_interval(secs => $5::float8 / 1000)
       or d.phase = 'settle' and d.reason is null or d.asked < $4::timestamptz - make_interval(secs => coalesce(t.ms, $6::float8) / 1000)
     order by d.saga limit $7::int`,
    [
      timed.map(({ id }) => id),
      timed.map(({ name }) => name),
      timed.map(({ timeout }) => timeout),
      new Date(now).toISOString(),
      goneMs,
      usualMs,
      lookLimit,
    ],
  )
  return rows.map(({ saga }) => saga)
}

/** Sagas with a message that failed, or that no code knew: by the services, each state by its own index. */
async function heldSagas({ services }: Installation, limit: number): Promise<string[]> {
  const part = (service: string, state: string, order: string) =>
    `(select key from ${service}.held_message where state = '${state}' and definition is not null and not settled order by ${order} limit $1::int)`
  const found = services.map((service) =>
    service.query<{ key: string }>(
      `${part(service.name, 'retry', 'due')} union ${part(service.name, 'dead', 'id')} union ${part(service.name, 'unknown', 'definition')}`,
      [limit],
    ),
  )
  return (await Promise.all(found)).flat().map(({ key }) => key)
}

/** Those of these sagas that are open. */
async function sagasOf({ homes }: Installation, ids: readonly string[]): Promise<SagaRow[]> {
  if (ids.length === 0) return []
  const found = homes.map((home) => home.query<SagaRow>(`${selectSagas(home.name)} where o.id = any($1::uuid[])`, [ids]))
  return (await Promise.all(found)).flat()
}
