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

/** Whether it runs. One that has ended and that nobody has asked about yet (a zombie) does not. */
export function runs(pid) {
  const state = read(`/proc/${pid}/stat`).match(/\) (\w)/)?.[1]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

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
