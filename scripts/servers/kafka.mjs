import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { archive, found, jars } from './find.mjs'
import { temporaryFolder } from './guard.mjs'
import { startOwn } from './own.mjs'
import { answerOf, freePort } from './port.mjs'

const usual = new URL('kafka.properties', import.meta.url)
const clusterId = 'AAAAAAAAAAAAAAAAAAAAAQ'

const java = [
  '-Xms256m',
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:MaxMetaspaceSize=128m',
  '-Xss512k',
  '-Djava.awt.headless=true',
  '-Djava.net.preferIPv4Stack=true',
  '-Dlog4j2.disableJmx=true',
  '-Dlog4j2.level=WARN',
]

/** The request ApiVersions, version 0, with correlation 1 and no client id. */
const hello = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff])

/**
 * Starts a Kafka node on 127.0.0.1 that makes no topic by itself.
 *
 * @param folder its place, kept when it exists; a temporary one by default
 * @param settings further ones of server.properties
 * @param properties the server.properties to begin from; the tests' own by default
 * @param jvm further arguments of the Java machine
 */
export async function startKafka({ folder = temporaryFolder('kafka'), port, settings = {}, properties = usual, jvm = [] } = {}) {
  const { program } = found('Kafka')
  mkdirSync(folder, { recursive: true })
  const [at, controller] = [port ?? (await freePort()), await freePort()]
  const own = {
    'node.id': 1,
    listeners: `PLAINTEXT://127.0.0.1:${at},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${at}`,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'log.dirs': join(folder, 'data'),
    ...settings,
  }
  const config = join(folder, 'server.properties')
  const base = `${readFileSync(properties, 'utf8')}\n`
  writeFileSync(config, [base, ...Object.entries(own).map(([key, value]) => `${key}=${value}\n`)].join(''))
  const shared = existsSync(archive) ? ['-Xshare:auto', `-XX:SharedArchiveFile=${archive}`] : []
  const machine = [...java, ...shared, '-cp', `${jars}/*`]
  if (!existsSync(join(folder, 'data', 'meta.properties')))
    await promisify(execFile)(program, [...machine, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', config])
  // It listens only once the controller lets it take part.
  const isReady = async () => (await answerOf(at, hello)).length > 0
  return startOwn(
    { name: 'Kafka', folder, command: [program, ...machine, ...jvm, 'kafka.Kafka', config], isReady },
    { port: at, brokers: `127.0.0.1:${at}` },
  )
}
