import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

/** The repository's root folder. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** How a process ended: one of the two is null. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process whose output is kept, and which does not outlive the tests. */
export interface Command {
  readonly child: ChildProcess
  readonly pid: number
  readonly ended: Promise<Ending>
  stdout(): string
  stderr(): string
}

const running = new Set<ChildProcess>()
afterAll(() => {
  // What a failed test left. Not SIGKILL: npm would leave its own child behind; and what stands still must go on to hear it.
  for (const child of running) for (const signal of ['SIGTERM', 'SIGCONT'] as const) child.kill(signal)
})

/** Starts any program in the repository's root folder. */
export function start(program: string, args: readonly string[], options: SpawnOptions = {}): Command {
  const env = { ...process.env, NO_COLOR: '1', ...options.env }
  const child = spawn(program, args, { cwd: root, ...options, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  running.add(child)
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject)
    // `close`: the last of the output has been read, too.
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    })
  })
  if (child.pid === undefined) throw new Error(`${program} could not be started`)
  return { child, pid: child.pid, ended, stdout: () => stdout, stderr: () => stderr }
}

/** Starts `comptoir` with these arguments, as `npm start` does. */
export function comptoir(args: readonly string[], options: SpawnOptions = {}): Command {
  return start(
    process.execPath,
    ['--enable-source-maps', '--max-semi-space-size=32', `${root}apps/comptoir/dist/bundle/main.js`, ...args],
    options,
  )
}
