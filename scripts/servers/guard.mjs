import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Has a shell run a script once this process has ended, however it ended: also a SIGKILL closes the pipe that the shell
 * reads from. The shell is in a group of its own, which a Ctrl-C does not reach.
 *
 * @returns calls it off
 */
export function whenWeHaveEnded(script, ...args) {
  const shell = spawn('sh', ['-c', `read -r _ && exit\n${script}`, 'guard', ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.unref()
  shell.stdin.unref()
  shell.stdin.on('error', () => {})
  return () => shell.stdin.end('called off\n')
}

/**
 * Kills a process, its group and its children when this process has ended. The children count by themselves because
 * those of PostgreSQL leave the group.
 *
 * @returns calls it off
 */
export function killWhenWeHaveEnded(pid) {
  return whenWeHaveEnded('kill -KILL $(cat "/proc/$1/task/$1/children") "$1" "-$1"', String(pid))
}

/** A new folder in the system's temporary one, removed when this process has ended. */
export function temporaryFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `comptoir-${name}-`))
  // Again and again for ten seconds: whoever writes to it is killed in the same moment.
  whenWeHaveEnded('for _ in $(seq 100); do rm -rf "$1" && exit; sleep 0.1; done', folder)
  return folder
}
