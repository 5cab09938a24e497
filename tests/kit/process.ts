import { type Command, comptoir, type Ending } from './command.ts'
import { until, within } from './wait.ts'

export interface StartOptions {
  /** The data folder; without it a temporary one, which goes with the process. */
  readonly data?: string
  /** 0, the default: any free one. */
  readonly port?: number
  /** Further arguments of `comptoir serve`. */
  readonly args?: readonly string[]
  /** Further environment variables. */
  readonly env?: NodeJS.ProcessEnv
}

/** The line that `--json` prints when the store is ready. */
export interface Announced {
  readonly url: string
  readonly store: string
  readonly payments: string
  readonly saga: string
  readonly docs: string
  readonly metrics: string
  readonly data: string | null
  readonly mode: string
  readonly kafka: boolean
  readonly redis: boolean
  readonly pid: number
}

/** A running `comptoir serve`. */
export interface StoreProcess {
  /** Without a slash at the end. */
  readonly url: string
  readonly pid: number
  readonly json: Announced
  /** How it ended, once it has. */
  readonly ended: Promise<Ending>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<Ending>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<Ending>
  /** Sends a signal that it may survive. */
  signal(name: NodeJS.Signals): void
  /** All that it printed on standard output and standard error so far. */
  output(): string
}

/** The first start may have to make a database from nothing. */
const startMs = 60_000

/**
 * Starts the real process and waits until it says that it is ready.
 *
 * @throws with its output, when it ends before that
 */
export async function startStore({ data, port = 0, args = [], env }: StartOptions = {}): Promise<StoreProcess> {
  const where = data === undefined ? ['--ephemeral'] : ['--data', data]
  return readyStore(comptoir(['serve', '--json', '--port', String(port), ...where, ...args], env ? { env } : {}))
}

/** Waits until a command that serves with `--json` says that it is ready. Signals go to the command, which may be npm. */
export async function readyStore(command: Command): Promise<StoreProcess> {
  let ending: Ending | undefined
  void command.ended.then((value) => {
    ending = value
  })
  const output = () => command.stdout() + command.stderr()
  const line = await until(
    'the line of JSON that says the store is ready',
    () => {
      if (ending) throw new Error(`It ended (${ending.signal ?? ending.code}) before it was ready:\n${output()}`)
      return command.stdout().match(/^\{.*\}\n/m)?.[0]
    },
    startMs,
  )
  const json = JSON.parse(line) as Announced
  const end = (signal: NodeJS.Signals) => () => {
    command.child.kill(signal)
    return within(`the end after ${signal}`, command.ended)
  }
  return {
    url: json.url,
    pid: json.pid,
    json,
    ended: command.ended,
    stop: end('SIGTERM'),
    kill: end('SIGKILL'),
    signal: (name) => process.kill(json.pid, name),
    output,
  }
}
