import { CommandFailure } from './command-failure.ts'
import { type ParticipantName, participants, type ServiceName, services } from './services.ts'

/** Where the parts of an installation are, by the environment; what is absent is embedded, or a table of PostgreSQL. */
export interface Addresses {
  /** The database of all services that have none of their own. */
  readonly database: string | undefined
  /** Services with a database of their own. */
  readonly own: Readonly<Partial<Record<ServiceName, string>>>
  /** The services whose database is known. */
  readonly knows: readonly ServiceName[]
  readonly kafka: KafkaAddress | undefined
  readonly redis: string | undefined
  /** Where the orchestrator calls participants that run elsewhere: of each one address, or one for each of its instances. */
  readonly participants: Readonly<Partial<Record<ParticipantName, readonly string[]>>>
}

export interface KafkaAddress {
  readonly brokers: readonly string[]
  /** Stands before the names of topics and groups, where several installations share a cluster. */
  readonly prefix: string
  /** The topic that shows all messages of sagas to others. */
  readonly feed: string | undefined
}

/**
 * Reads the addresses. Better no start than one on other ground than it was asked for.
 *
 * @throws CommandFailure naming the variable that is wrong, and how it is right
 */
export function addressesFrom(env: NodeJS.ProcessEnv): Addresses {
  const database = env.DATABASE_URL || undefined
  const own = Object.fromEntries(services.flatMap((name) => (env[ownVariable(name)] ? [[name, env[ownVariable(name)]]] : [])))
  for (const name of ['DATABASE_URL', ...services.map(ownVariable)]) if (env[name]) shownAddress(env[name], name)
  const kafka = kafkaFrom(env)
  const apart = Object.keys(own)
  if (apart.length > 0 && !kafka)
    throw new CommandFailure(
      `${apart.map((name) => ownVariable(name)).join(' and ')} need Kafka between the services: set KAFKA_BROKERS, or put all services into the one database of DATABASE_URL, whose logs they read from each other.`,
    )
  return {
    database,
    own,
    knows: database || apart.length === 0 ? services : services.filter((name) => own[name]),
    kafka,
    redis: redisFrom(env),
    participants: Object.fromEntries(
      participants.flatMap((name) => (env[urlVariable(name)] ? [[name, urlsFrom(env, urlVariable(name))]] : [])),
    ),
  }
}

const urlVariable = (name: string): string => `${name.toUpperCase()}_URL`
const ownVariable = (name: string): string => `${name.toUpperCase()}_DATABASE_URL`

function kafkaFrom(env: NodeJS.ProcessEnv): KafkaAddress | undefined {
  if (!env.KAFKA_BROKERS) return undefined
  const brokers = env.KAFKA_BROKERS.split(',').map((broker) => broker.trim())
  const wrong = brokers.find((broker) => !/^[\w.[\]:-]+:\d{1,5}$/.test(broker))
  if (wrong !== undefined)
    throw new CommandFailure(
      `KAFKA_BROKERS names "${wrong}", which is no host:port: write kafka:9092, several with commas between`,
    )
  return { brokers, prefix: env.KAFKA_PREFIX ?? '', feed: env.KAFKA_FEED_TOPIC || undefined }
}

function redisFrom(env: NodeJS.ProcessEnv): string | undefined {
  const url = env.REDIS_URL || undefined
  if (url && !/^rediss?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    throw new CommandFailure('REDIS_URL is no address of a Redis server: write redis://host:6379')
  return url
}

function urlsFrom(env: NodeJS.ProcessEnv, variable: string): string[] {
  const urls = (env[variable] ?? '').split(',').map((url) => url.trim().replace(/\/+$/, ''))
  const wrong = urls.find((url) => !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
  if (wrong !== undefined)
    throw new CommandFailure(
      `${variable} names "${wrong}", which is no address of a service: write http://host:port, several with commas between`,
    )
  return urls
}

/** An address that may be shown: without its password. @throws CommandFailure when it is none */
export function shownAddress(url: string, variable = 'DATABASE_URL'): string {
  if (!/^postgres(ql)?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    throw new CommandFailure(
      `${variable} is no address of a PostgreSQL database: write postgres://user:password@host:5432/database`,
    )
  return withoutPassword(url)
}

/** For people and logs. */
export function withoutPassword(url: string): string {
  const shown = new URL(url)
  shown.password = ''
  // The drivers take it from there, too.
  if (shown.searchParams.has('password')) shown.searchParams.delete('password')
  return shown.href
}
