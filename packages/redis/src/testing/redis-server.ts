import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

/** A redis-server of one test, on a port of its own, which can be killed, stopped and started again. */
export class RedisServer {
  readonly url: string
  readonly #port: number
  readonly #folder: string
  #child: ChildProcess | undefined
  #operator: Redis | undefined

  private constructor(port: number, folder: string) {
    this.#port = port
    this.#folder = folder
    this.url = `redis://127.0.0.1:${port}`
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), 'comptoir-redis-')))
    await server.start()
    return server
  }

  /** Starts it with what it has last saved. */
  async start(): Promise<void> {
    const options = ['--port', this.#port, '--bind', '127.0.0.1', '--dir', this.#folder, '--save', '', '--appendonly', 'no']
    this.#child = spawn('redis-server', options.map(String), { stdio: 'ignore' })
    // It retries until the server listens.
    this.#operator = new Redis(this.url, { retryStrategy: () => 5, maxRetriesPerRequest: null })
    this.#operator.on('error', () => {})
    await this.#operator.ping()
  }

  /** Whatever an operator, or an accident, may do to it. */
  get operator(): Redis {
    if (!this.#operator) throw new Error('the server is down')
    return this.#operator
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#operator?.disconnect()
    this.#operator = undefined
    this.#child = undefined
    if (!child) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** It answers nothing more, but its connections stay open and new ones are accepted. */
  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  async remove(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

export async function freePort(): Promise<number> {
  const listening = createServer().listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  listening.close()
  await once(listening, 'close')
  return port
}
