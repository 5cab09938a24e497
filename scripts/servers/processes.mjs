/** Processes as Linux shows them in /proc. */
import { readFileSync } from 'node:fs'

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // ESRCH: it ended between the opening and the reading.
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return ''
    throw error
  }
}

/** The process and all that descend from it. */
export function family(pid) {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return [pid, ...children.flatMap(family)]
}

const stateOf = (pid) => read(`/proc/${pid}/stat`).match(/\) (\w)/)?.[1]

/** Whether it runs. One that has ended and that nobody has asked about yet (a zombie) does not. */
export function runs(pid) {
  const state = stateOf(pid)
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** Whether it stands still after a SIGSTOP. */
export const standsStill = (pid) => stateOf(pid) === 'T'

/** Sends a signal to each that still is there. */
export function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
  }
}
