import type { Service } from '../service.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { command, dueOf, lockDrives } from './driving.ts'

/** Sent when a saga is to be called (again) that nobody calls just now. */
export const callsSignal = (service: string): string => `${service}.calls`

/** No step of a driven saga is begun any more: no do is sent, and one that is called is not called again. */
export function pauseDrive(unit: UnitOfWork, schema: string, id: string): void {
  unit.write(
    `update ${schema}.driving set paused = true, withheld = style = 'http' and phase = 'do',
       due = case when style = 'http' and phase = 'do' then null else due end
     where saga = $1`,
    [id],
  )
}

/** It goes on, with the command that was withheld, if any. */
export async function resumeDrive(unit: UnitOfWork, { name, drives }: Service, id: string): Promise<void> {
  const [drive] = await lockDrives(unit, name, drives, 'saga = $1', [id])
  if (!drive) return
  const resumed = { ...drive, paused: false, withheld: false }
  if (!drive.withheld) {
    unit.write(`update ${name}.driving set paused = false where saga = $1`, [id])
    return
  }
  // By calls: at once, by whoever looks first; unless an operator is to say when.
  const due = drive.style === 'messages' ? dueOf(resumed) : drive.attention ? null : 0
  unit.write(
    `update ${name}.driving set paused = false, withheld = false, asked = comptoir.now(),
       due = comptoir.now() + make_interval(secs => $2::float8 / 1000)
     where saga = $1`,
    [id, due],
  )
  command(unit, resumed)
}
