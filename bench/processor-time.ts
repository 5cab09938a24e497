import { existsSync, readFileSync } from 'node:fs'
import { family } from '../scripts/servers/processes.mjs'

/** The kernel counts in hundredths of a second for whoever reads /proc, on every machine. */
const tickMs = 10

/** Processor time that a server has used so far, its children included, also those that have ended (milliseconds; Linux). */
export function processorTime(pid: number): number {
  // The main process last: it has taken over the time of those that end meanwhile.
  const ticks = family(pid).reverse().flatMap(ticksOf)
  return ticks.reduce((sum, value) => sum + value, 0) * tickMs
}

function ticksOf(pid: number): number[] {
  const path = `/proc/${pid}/stat`
  if (!existsSync(path)) return []
  // Behind the name, which may hold anything: the state is field 3, the times of itself and of its children are 14 to 17.
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return fields.slice(11, 15).map(Number)
}
