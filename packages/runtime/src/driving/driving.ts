import {
  type Answer,
  afterAnswer,
  afterTimeout,
  beginDriving,
  type Cause,
  type Driving,
  type Phase,
  type Saga,
  stepOf,
} from '@comptoir/saga'
import type { Driven, Known } from '../participant.ts'
import type { Transaction } from '../ports/database.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { tellDrivenAttention } from './driven-attention.ts'

/** How a driver reaches the participants: by messages, or by calls that it makes one at a time. */
export type DrivingStyle = 'messages' | 'http'

/** Where a driven saga stands. */
export interface Drive {
  readonly id: string
  readonly saga: Saga
  readonly style: DrivingStyle
  readonly driving: Driving
  readonly known: Known
  /** No step of it is begun. */
  readonly paused: boolean
  /** The awaited command is a do that was therefore not sent, or is not called any more. */
  readonly withheld: boolean
  /** Calls have failed until a person was needed. */
  readonly attention: boolean
  /** Driven by calls, and not called before an operator acts. */
  readonly idle: boolean
}

const fresh = { paused: false, withheld: false, attention: false, idle: false } as const

/** Begins sagas that are driven here: their rows, and, over messages, the first command of each. */
export function beginDrives(
  unit: UnitOfWork,
  schema: string,
  saga: Saga,
  style: DrivingStyle,
  begun: readonly { readonly id: string; readonly input: unknown }[],
): Drive[] {
  unit.opened(
    saga,
    begun.map(({ id }) => ({ id, subject: null })),
    style,
  )
  const drives = begun.map(({ id, input }) => ({ ...fresh, id, saga, style, driving: beginDriving(saga), known: { input } }))
  const rows = drives.map(columnsOf)
  unit.write(
    `insert into ${schema}.driving (saga, definition, style, kind, step, phase, data, due)
     select saga, definition, $3, 'running', step, phase, data, comptoir.now() + make_interval(secs => due / 1000)
     from unnest($1::uuid[], $2::text[], $4::text[], $5::text[], $6::text[], $7::float8[]) as d(saga, definition, step, phase, data, due)`,
    [
      rows.map((row) => row.id),
      drives.map((drive) => drive.saga.id),
      style,
      rows.map((row) => row.step),
      rows.map((row) => row.phase),
      rows.map((row) => row.data),
      rows.map((row) => row.due),
    ],
  )
  for (const drive of drives) command(unit, drive)
  return drives
}

/**
 * Takes answers to the commands of driven sagas, each saga at most once: decides what follows, writes it, and, over messages,
 * sends it. Answers where each saga stands then; a saga that is missing there has ended before. An answer that nobody awaits
 * changes nothing.
 */
export async function takeAnswers(
  unit: UnitOfWork,
  schema: string,
  driven: ReadonlyMap<string, Driven>,
  answers: ReadonlyMap<string, Answer>,
): Promise<ReadonlyMap<string, Drive>> {
  const drives = await lockDrives(unit, schema, driven, `saga = any($1::uuid[])`, [[...answers.keys()]])
  return move(unit, schema, driven, drives, ({ id, saga, driving, known }) => {
    const answer = answers.get(id)
    const next = answer && afterAnswer(saga, driving, answer)
    return next && { driving: next, known: answer.outcome === 'done' ? { ...known, [answer.step]: answer.result } : known }
  })
}

/** The time-outs of driven sagas whose command is overdue, at most so many, as one set. Answers how many there were. */
export async function fireOverdue(
  unit: UnitOfWork,
  schema: string,
  driven: ReadonlyMap<string, Driven>,
  limit: number,
): Promise<number> {
  const drives = await lockDrives(
    unit,
    schema,
    driven,
    `saga in (select saga from ${schema}.driving where style = 'messages' and due <= comptoir.now() order by due limit $1::int for update skip locked)`,
    [limit],
  )
  await timeOut(unit, schema, driven, drives)
  return drives.length
}

/** Moves sagas on whose awaited command is overdue. */
export const timeOut = (
  unit: UnitOfWork,
  schema: string,
  driven: ReadonlyMap<string, Driven>,
  overdue: readonly Drive[],
): Promise<ReadonlyMap<string, Drive>> =>
  move(unit, schema, driven, overdue, ({ saga, driving, known }) => {
    const next = afterTimeout(saga, driving)
    return next && { driving: next, known }
  })

/** Where these sagas stand; their rows are locked, in order. */
export async function lockDrives(
  tx: Transaction,
  schema: string,
  driven: ReadonlyMap<string, Driven>,
  condition: string,
  values: Parameters<Transaction['query']>[1],
): Promise<Drive[]> {
  const rows = await tx.query<DrivingRow>(
    `select saga, definition, style, kind, step, phase, cause_step, reason, data, paused, withheld, attention,
       style = 'http' and due is null as idle
     from ${schema}.driving where ${condition} order by saga for update`,
    values,
  )
  return rows.flatMap((row) => {
    const saga = driven.get(row.definition)?.saga
    // Of a declaration that this code does not know: code that does goes on with it.
    if (!saga) return []
    const { style, paused, withheld, attention, idle } = row
    const known = JSON.parse(row.data) as Known
    return [{ id: row.saga, saga, style, driving: drivingOf(row), known, paused, withheld, attention, idle }]
  })
}

interface DrivingRow {
  saga: string
  definition: string
  style: DrivingStyle
  kind: 'running' | 'compensating'
  step: string
  phase: Phase
  cause_step: string | null
  reason: string | null
  data: string
  paused: boolean
  withheld: boolean
  attention: boolean
  idle: boolean
}

function drivingOf({ kind, step, phase, cause_step, reason }: DrivingRow): Driving {
  const command = { step, phase }
  const cause: Cause | undefined = reason === null ? undefined : { step: cause_step ?? step, reason }
  if (kind === 'compensating') return { kind, command, cause: cause ?? { step, reason: 'refused' } }
  return { kind, command, ...(cause && { wish: cause }) }
}

/** Whoever calls says so again within this time, or another instance goes on with the saga. In milliseconds. */
export const callLeaseMs = 5_000

/** Milliseconds until `due`; null: never. */
export function dueOf({ saga, style, driving, withheld }: Drive): number | null {
  if (withheld) return null
  return style === 'http' ? callLeaseMs : 'command' in driving ? (stepOf(saga, driving.command.step).timeout ?? null) : null
}

function columnsOf(drive: Drive) {
  const { id, driving, known } = drive
  const { step, phase } = 'command' in driving ? driving.command : { step: '', phase: 'do' as const }
  const cause = driving.kind === 'running' ? driving.wish : driving.kind === 'compensating' ? driving.cause : undefined
  return {
    id,
    kind: driving.kind,
    step,
    phase,
    causeStep: cause?.step ?? null,
    reason: cause?.reason ?? null,
    data: JSON.stringify(known),
    due: dueOf(drive),
  }
}

/** Moves sagas on as `decide` says (undefined: it stays), each to its next command or to its end. */
export async function move(
  unit: UnitOfWork,
  schema: string,
  driven: ReadonlyMap<string, Driven>,
  drives: readonly Drive[],
  decide: (drive: Drive) => Pick<Drive, 'driving' | 'known'> | undefined,
): Promise<ReadonlyMap<string, Drive>> {
  const moved: { readonly before: Drive; readonly after: Drive }[] = []
  const all = new Map<string, Drive>()
  for (const before of drives) {
    const next = decide(before)
    const after = next ? movedOn(before, next) : before
    all.set(before.id, after)
    if (next) moved.push({ before, after })
  }
  nameSubjects(unit, schema, driven, moved)
  for (const { before, after } of moved)
    if (before.attention && !after.attention) await tellDrivenAttention(unit, schema, before, null)
  const going = moved
    .filter(({ after }) => 'command' in after.driving)
    .map(({ before, after }) => ({ ...after, wasIdle: before.idle }))
  if (going.length > 0) update(unit, schema, going)
  for (const drive of going) command(unit, drive)
  endAll(
    unit,
    schema,
    moved.map(({ after }) => after),
  )
  return all
}

/** While it is paused, its next do is withheld. With another command, nobody is needed any more. */
function movedOn(before: Drive, { driving, known }: Pick<Drive, 'driving' | 'known'>): Drive {
  const withheld = before.paused && 'command' in driving && driving.command.phase === 'do'
  const attention = before.attention && isSameCommand(before.driving, driving)
  return { ...before, driving, known, withheld, attention, idle: withheld && before.style === 'http' }
}

const isSameCommand = (one: Driving, other: Driving): boolean =>
  'command' in one && 'command' in other && one.command.step === other.command.step && one.command.phase === other.command.phase

function update(unit: UnitOfWork, schema: string, drives: readonly (Drive & { readonly wasIdle: boolean })[]): void {
  // Nobody calls one that was idle: whoever looks first begins to.
  const rows = drives.map((drive) => ({ ...columnsOf(drive), due: drive.wasIdle && !drive.idle ? 0 : dueOf(drive) }))
  unit.write(
    `update ${schema}.driving as d
     set kind = n.kind, step = n.step, phase = n.phase, cause_step = n.cause_step, reason = n.reason, data = n.data,
       asked = comptoir.now(), due = comptoir.now() + make_interval(secs => n.due / 1000), withheld = n.withheld, attention = n.attention,
       attempts = case when (d.step, d.phase) = (n.step, n.phase) then d.attempts else 0 end
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[], $9::bool[], $10::bool[])
       as n(saga, kind, step, phase, cause_step, reason, data, due, withheld, attention)
     where d.saga = n.saga`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.kind),
      rows.map((row) => row.step),
      rows.map((row) => row.phase),
      rows.map((row) => row.causeStep),
      rows.map((row) => row.reason),
      rows.map((row) => row.data),
      rows.map((row) => row.due),
      drives.map((drive) => drive.withheld),
      drives.map((drive) => drive.attention),
    ],
  )
}

/** The row goes in the transaction that ends the saga. */
function endAll(unit: UnitOfWork, schema: string, drives: readonly Drive[]): void {
  const ended = drives.filter(({ driving }) => !('command' in driving))
  if (ended.length === 0) return
  unit.write(`delete from ${schema}.driving where saga = any($1::uuid[])`, [ended.map(({ id }) => id)])
  for (const { id, saga, driving } of ended)
    unit.end(saga, {
      saga: id,
      outcome: driving.kind === 'completed' ? 'completed' : 'cancelled',
      cause: driving.kind === 'cancelled' ? driving.cause : undefined,
    })
}

/** Gives sagas their business keys as soon as they are known. */
function nameSubjects(
  unit: UnitOfWork,
  schema: string,
  driven: ReadonlyMap<string, Driven>,
  moved: readonly { readonly before: Drive; readonly after: Drive }[],
): void {
  const named = moved.flatMap(({ before, after }) => {
    const subjectOf = driven.get(after.saga.id)?.subject
    const subject = subjectOf?.(after.known)
    return subject === undefined || subjectOf?.(before.known) !== undefined ? [] : [{ id: after.id, subject }]
  })
  if (named.length === 0) return
  unit.write(
    `update ${schema}.saga as s set subject = n.subject from unnest($1::uuid[], $2::text[]) as n(id, subject) where s.id = n.id`,
    [named.map(({ id }) => id), named.map(({ subject }) => subject)],
  )
}

/** Over messages a command is sent with the decision, unless it is withheld; calls are made once it is committed. */
export function command(unit: UnitOfWork, { id, saga, style, driving, known, withheld }: Drive): void {
  if (style === 'messages' && !withheld && 'command' in driving) unit.command(saga, id, driving.command, bodyOf(driving, known))
}

/** What a command tells the participant: to do, all that is known; to settle and undo, why. */
export const bodyOf = (driving: Extract<Driving, { command: object }>, known: Known): unknown =>
  driving.command.phase === 'do' ? known : { cause: driving.kind === 'running' ? driving.wish : driving.cause }
