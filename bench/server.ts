import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Place } from './place.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const options = ['--json', '--ephemeral', '--port', '0']

/** Ways to start the real command: by itself, or as people do. */
export const commands = {
  comptoir: [
    process.execPath,
    '--enable-source-maps',
    '--max-semi-space-size=32',
    'apps/comptoir/dist/bundle/main.js',
    'serve',
    ...options,
  ],
  'npm start': ['npm', 'start', '--silent', '--', ...options],
} as const

/** The real command, serving in a process of its own. */
export interface Server {
  readonly url: string
  /** POSTs JSON; answers the status. */
  post(path: string, body: unknown): Promise<number>
  /** The values of one metric, by their labels. */
  metric(name: string): Promise<readonly number[]>
}

/**
 * Runs `work` with the command, listening, on an empty folder of its own or on a place that has servers.
 *
 * @throws when it ends before that
 */
export async function withServer<T>(
  command: keyof typeof commands,
  work: (server: Server) => Promise<T>,
  place?: Place,
): Promise<T> {
  const { server, stop } = await startServer(command, place)
  try {
    return await work(server)
  } finally {
    await stop()
  }
}

/** How the environment tells the command where its servers are. */
const addressesOf = ({ at, kafka }: Place): Record<string, string> => ({
  DATABASE_URL: at,
  ...(kafka && { KAFKA_BROKERS: kafka.brokers.join(','), KAFKA_PREFIX: kafka.prefix }),
})

/** A server, and what may happen to its process. */
export interface Running {
  readonly server: Server
  signal(name: NodeJS.Signals): void
  /** Ends it (SIGTERM by default), unless it has ended. */
  stop(how?: NodeJS.Signals): Promise<void>
}

/** Starts the command and waits until it listens. @throws when it ends before that */
export async function startServer(command: keyof typeof commands, place?: Place): Promise<Running> {
  const [file, ...args] = commands[command]
  const env = { ...process.env, ...(place && addressesOf(place)) }
  const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const { url, pid } = await announcement(child)
  const signal = (name: NodeJS.Signals) => process.kill(pid, name)
  return {
    server: serverAt(url),
    signal,
    async stop(how = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) signal(how)
      await exited
    },
  }
}

function serverAt(url: string): Server {
  return {
    url,
    async post(path, body) {
      const answer = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      await answer.arrayBuffer()
      return answer.status
    },
    async metric(name) {
      const text = await (await fetch(`${url}/metrics`)).text()
      const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      return lines.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)))
    },
  }
}

/** The one line that begins with `{`. */
function announcement(child: ChildProcess): Promise<{ url: string; pid: number }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`the server ended with ${code ?? signal} before it was ready`)))
    if (child.stdout === null) throw new Error('the server has no standard output')
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('{')) resolve(JSON.parse(line) as { url: string; pid: number })
    })
  })
}
