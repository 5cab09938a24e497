import { readFileSync } from 'node:fs'

/** A process, told apart from later ones that get the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, as the system tells it; empty where it does not. */
  readonly started: string
}

export function ownProcess(): ProcessIdentity {
  return { pid: process.pid, started: systemRecord(process.pid)?.started ?? '' }
}

/** Whether that very process still runs. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  if (pid < 1 || !answersSignals(pid)) return false
  if (started === '') return true
  const record = systemRecord(pid)
  // A killed process whose parent has not yet taken note of it (Z) still answers signals.
  return record !== undefined && record.started === started && record.state !== 'Z' && record.state !== 'X'
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** What Linux tells of a process (proc(5)): its state, and the boot and clock tick of its start. */
function systemRecord(pid: number): { readonly state: string; readonly started: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    // The name stands in parentheses and may contain anything; state is the third field, start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', started: `${boot}/${fields[19] ?? ''}` }
  } catch {
    return undefined
  }
}
