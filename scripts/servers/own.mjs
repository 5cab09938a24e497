/**
 * A server of our own: a program that is started, stopped, killed, paused and started again, on one folder and one port.
 * It does not outlive this process.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { killWhenWeHaveEnded } from './guard.mjs'
import { listens } from './port.mjs'
import { family, runs, signal, standsStill } from './processes.mjs'
import { until } from './wait.mjs'

/** Far above what a start or a stop takes on a busy machine, in milliseconds. */
const startMs = 60_000
const stopMs = 60_000

/**
 * @param program.name what it is called in errors
 * @param program.folder its working folder, where the log goes, too
 * @param program.command the program and its arguments
 * @param program.user `uid` and `gid`, when it is not to run as ourselves
 * @param program.isReady whether it answers
 * @param program.cleanly the signal that makes it stop cleanly
 * @param address where it is: its port, and what else the server is to tell about it
 * @returns the server, started and ready
 */
export async function startOwn({ name, folder, command, user = {}, isReady, cleanly = 'SIGTERM' }, address) {
  const log = join(folder, 'server.log')
  let child
  let callOffTheGuard

  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null

  async function start() {
    if (isRunning()) throw new Error(`${name} is running already`)
    // Or whoever is there would answer in its place.
    if (await listens(address.port)) throw new Error(`${name} could not be started: port ${address.port} is taken`)
    const output = openSync(log, 'a')
    try {
      const [program, ...args] = command
      child = spawn(program, args, { cwd: folder, detached: true, stdio: ['ignore', output, output], ...user })
      await once(child, 'spawn')
    } finally {
      closeSync(output)
    }
    child.unref()
    callOffTheGuard = killWhenWeHaveEnded(child.pid)
    try {
      await until(`${name} answers`, startMs, () => {
        if (!isRunning()) throw new Error(`it ended (${child.signalCode ?? child.exitCode})`)
        return isReady()
      })
    } catch (error) {
      await stop('kill')
      const said = readFileSync(log, 'utf8').split('\n').slice(-30).join('\n')
      throw new Error(`${name} could not be started: ${error.message}\n${said}`, { cause: error })
    }
  }

  async function stop(how = 'clean') {
    if (!isRunning()) return callOffTheGuard?.()
    if (how === 'kill') await kill()
    else await stopCleanly()
    callOffTheGuard()
  }

  async function stopCleanly() {
    resume()
    child.kill(cleanly)
    try {
      await until(`${name} has stopped`, stopMs, () => !isRunning())
    } catch (error) {
      await kill()
      throw error
    }
  }

  async function kill() {
    // Stopped first, so that it has no further child after its family was listed.
    child.kill('SIGSTOP')
    await until(`${name} stands still`, stopMs, () => !isRunning() || standsStill(child.pid))
    const all = family(child.pid)
    signal(all, 'SIGKILL')
    await until(`${name} is dead`, stopMs, () => !isRunning() && !all.some(runs))
  }

  const pause = () => signal(family(child.pid), 'SIGSTOP')
  const resume = () => signal(family(child.pid).reverse(), 'SIGCONT')

  await start()
  return {
    ...address,
    folder,
    log,
    get pid() {
      return child.pid
    },
    start,
    stop,
    pause,
    resume,
  }
}
