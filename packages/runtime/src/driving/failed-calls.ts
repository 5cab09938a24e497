import { type Command, stepOf } from '@comptoir/saga'
import { maxAttempts } from '../consuming/failures.ts'
import { noteAct, type OperatorAct } from '../home/operator-acts.ts'
import type { Driven } from '../participant.ts'
import type { Service } from '../service.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { tellDrivenAttention } from './driven-attention.ts'
import { type Drive, lockDrives } from './driving.ts'
import { callsSignal } from './driving-acts.ts'

/** A call that has brought no outcome. */
export interface FailedCall {
  readonly command: Command
  /** What a participant answered that was reached; null when none was: an outage says nothing about the step. */
  readonly error: string | null
}

/**
 * Counts the failures of calls that must succeed: of undo, settle and retriable steps. After as many as a consumer takes, a
 * person is needed: the saga's row says so, its home is told, and it is called again when somebody asks for it. A do that may
 * fail is settled when it is overdue. Answers where each saga stands by now.
 */
export async function noteFailures(
  unit: UnitOfWork,
  schema: string,
  driven: ReadonlyMap<string, Driven>,
  failures: ReadonlyMap<string, FailedCall>,
): Promise<ReadonlyMap<string, Drive>> {
  const drives = await lockDrives(unit, schema, driven, 'saga = any($1::uuid[])', [[...failures.keys()]])
  const counted = drives.filter((drive) => counts(drive, failures.get(drive.id)))
  const exhausted = counted.length > 0 ? await countAttempts(unit, schema, counted, failures) : new Set<string>()
  for (const drive of counted) {
    if (!exhausted.has(drive.id) || !('command' in drive.driving)) continue
    const { phase, step } = drive.driving.command
    await tellDrivenAttention(unit, schema, drive, `${phase} of ${step}: ${failures.get(drive.id)?.error}`)
  }
  return new Map(drives.map((drive) => [drive.id, exhausted.has(drive.id) ? { ...drive, attention: true, idle: true } : drive]))
}

/**
 * Lets a saga be called again whose calls have failed until a person was needed. Answers false when it is none.
 *
 * @throws what the database throws
 */
export async function retryDriven(service: Service, act: OperatorAct): Promise<boolean> {
  const { name } = service
  const retried = await service.transaction(async (unit) => {
    const rows = await unit.query(
      `update ${name}.driving set attempts = 0, due = comptoir.now() where saga = $1 and style = 'http' and attention and not paused returning 1`,
      [act.saga],
    )
    if (rows.length > 0) await noteAct(unit, name, act)
    return rows.length > 0
  })
  service.ports.signals.send([callsSignal(name)])
  return retried
}

function counts({ saga, driving, idle }: Drive, failure: FailedCall | undefined): boolean {
  if (idle || !failure || failure.error === null || !('command' in driving)) return false
  const { step, phase } = driving.command
  if (failure.command.step !== step || failure.command.phase !== phase) return false
  return phase !== 'do' || stepOf(saga, step).kind === 'retriable'
}

async function countAttempts(
  unit: UnitOfWork,
  schema: string,
  drives: readonly Drive[],
  failures: ReadonlyMap<string, FailedCall>,
): Promise<ReadonlySet<string>> {
  const rows = await unit.query<{ saga: string }>(
    `with counted as (
       update ${schema}.driving as d set attempts = d.attempts + 1, error = f.error,
         attention = d.attention or d.attempts + 1 >= $3::int, due = case when d.attempts + 1 >= $3::int then null else d.due end
       from unnest($1::uuid[], $2::text[]) as f(saga, error) where d.saga = f.saga
       returning d.saga, d.due
     )
     select saga from counted where due is null`,
    [drives.map(({ id }) => id), drives.map(({ id }) => failures.get(id)?.error ?? null), maxAttempts],
  )
  return new Set(rows.map(({ saga }) => saga))
}
