import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../scripts/servers/port.mjs'
import { type PostgresServer, startPostgres } from '../../scripts/servers/postgres.mjs'
import { type RedisServer, startRedis } from '../../scripts/servers/redis.mjs'
import { type Command, start } from '../kit/command.ts'
import { readyStore, type StoreProcess } from '../kit/process.ts'
import { kafkaBrokers } from '../kit/servers/addresses.ts'
import { within } from '../kit/wait.ts'
import type { Topics } from '../storm/topics.ts'
import { makeDatabases } from './databases.ts'
import { startGateway } from './gateway.ts'
import { makeImage } from './image.ts'
import { commandIn, lastOf, service } from './shipped.ts'
import { unprivileged } from './unprivileged.ts'

/** The names of the instances in compose.yaml. */
export const instanceNames: readonly string[] = ['store', 'payments', 'orchestrator'].flatMap((name) => [
  `${name}-1`,
  `${name}-2`,
])

/** What compose.yaml starts, without containers: its processes from the files of the image, not as root, behind its gateway. */
export interface Deployment {
  /** The gateway. */
  readonly url: string
  /** The folder that stands for the image's /app. */
  readonly app: string
  /** nginx, which is the gateway. */
  readonly gateway: Command
  readonly postgres: PostgresServer
  readonly redis: RedisServer
  readonly topics: Topics
  /** The instance of that name: the process that was started last. */
  instance(name: string): StoreProcess
  /** Starts the instance of that name again, after its end, at the same place; resolves when it is ready. */
  again(name: string): Promise<void>
  /** Whether the image's health check finds the instance well. */
  isHealthy(name: string): boolean
  stop(): Promise<void>
}

const environment = (name: string) => service(name).environment ?? {}
const portOf = (name: string): string => environment(name).PORT ?? ''

/** A value of compose.yaml with the places of a test. Its servers trust everybody, so that passwords are empty. */
function translate(value: string, places: Readonly<Record<string, string>>): string {
  let text = value.replaceAll(/\$\{\w+:\?[^}]*\}/g, '')
  for (const [shipped, here] of Object.entries(places)) text = text.replace(shipped, here)
  return text
}

/** @param brokers a Kafka of the test's own, where it is to be stopped; that of the run by default */
export async function startDeployment(brokers = kafkaBrokers()): Promise<Deployment> {
  const ends: (() => unknown)[] = []
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end()
  }
  try {
    return { ...(await startAll(brokers, (end) => ends.push(end))), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** @param onStop told how to end each thing that was started */
async function startAll(brokers: string, onStop: (end: () => unknown) => void): Promise<Omit<Deployment, 'stop'>> {
  const prefix = `deployment-${randomBytes(6).toString('hex')}.`
  const folder = mkdtempSync(join(tmpdir(), 'comptoir-deployment-'))
  onStop(() => rmSync(folder, { recursive: true }))
  chmodSync(folder, 0o755)
  const app = join(folder, 'app')
  makeImage(app)
  const [postgres, redis] = [await startPostgres(), await startRedis()]
  onStop(() => Promise.all([postgres, redis].map((one) => one.stop('kill'))))
  makeDatabases(postgres)
  const ports = new Map<string, number>()
  for (const name of instanceNames) ports.set(portOf(name), await freePort())
  mkdirSync(join(folder, 'gateway'))
  const gateway = await startGateway(join(folder, 'gateway'), ports)
  onStop(async () => {
    gateway.command.child.kill('SIGTERM')
    await within('the end of nginx', gateway.command.ended)
  })

  const places: Record<string, string> = {
    'postgres:5432': `127.0.0.1:${postgres.port}`,
    'redis:6379': `127.0.0.1:${redis.port}`,
    'kafka:9092': brokers,
    'http://localhost:8080': gateway.url,
  }
  const calls = (value: string) => value.replaceAll(/(?<=http:\/\/127\.0\.0\.1:)\d+/g, (shipped) => String(ports.get(shipped)))
  const environmentOf = (name: string): Record<string, string> => ({
    ...Object.fromEntries(Object.entries(environment(name)).map(([key, value]) => [key, translate(calls(value), places)])),
    // The topics of this run alone.
    KAFKA_PREFIX: prefix,
    PORT: String(ports.get(portOf(name))),
  })
  const running = new Map<string, StoreProcess>()
  const run = async (name: string) => {
    const args = [...commandIn(lastOf('ENTRYPOINT')).slice(1), ...(service(name).command ?? [])]
    const command = start(process.execPath, args, { cwd: app, env: environmentOf(name), ...unprivileged })
    onStop(() => {
      command.child.kill('SIGTERM')
      return within(`the end of ${name}`, command.ended)
    })
    running.set(name, await readyStore(command))
  }
  await Promise.all(instanceNames.map(run))
  return {
    url: gateway.url,
    app,
    gateway: gateway.command,
    postgres,
    redis,
    topics: { brokers, prefix },
    again: run,
    instance(name) {
      const found = running.get(name)
      if (!found) throw new Error(`There is no ${name}`)
      return found
    },
    isHealthy(name) {
      const [, ...args] = commandIn(lastOf('HEALTHCHECK'))
      return spawnSync(process.execPath, args, { env: environmentOf(name), ...unprivileged }).status === 0
    },
  }
}
