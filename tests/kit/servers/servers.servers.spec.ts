import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { startKafka } from '../../../scripts/servers/kafka.mjs'
import { startNginx } from '../../../scripts/servers/nginx.mjs'
import type { Server } from '../../../scripts/servers/own.mjs'
import { startPostgres } from '../../../scripts/servers/postgres.mjs'
import { family, runs } from '../../../scripts/servers/processes.mjs'
import { startRedis } from '../../../scripts/servers/redis.mjs'
import { start } from '../command.ts'
import { scratchFolder } from '../folder.ts'
import { until, within } from '../wait.ts'
import { databaseUrl, kafkaBrokers, redisUrl } from './addresses.ts'

async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new Client(url)
  // A server that is killed ends the connection: the query says so, too.
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

async function ping(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true })
  try {
    await redis.connect()
    return await redis.ping()
  } finally {
    redis.disconnect()
  }
}

function kcat(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('kcat', ['-q', '-m', '10', ...args], { encoding: 'utf8', input })
  expect(status, stderr).toBe(0)
  return stdout
}

const produce = (brokers: string, topic: string, text: string) => kcat(['-P', '-b', brokers, '-t', topic, '-X', 'acks=all'], text)
const consume = (brokers: string, topic: string) => kcat(['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-e'])

/** Kafka makes topics by itself here, so that kcat, which cannot make any, is enough. */
const withTopics = { settings: { 'auto.create.topics.enable': 'true' } }

/** The server, which is stopped at the end of the test. */
function stopped<S extends Server>(server: S): S {
  onTestFinished(() => server.stop('kill'))
  return server
}

/** Stops it; answers those of its processes that are still there. */
async function leftBy(server: Server, how?: 'clean' | 'kill'): Promise<number[]> {
  const all = family(server.pid)
  await server.stop(how)
  return all.filter(runs)
}

it('the three of the run answer at the addresses of the environment', async () => {
  expect(await query(databaseUrl(), 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await ping(redisUrl())).toBe('PONG')
  expect(kcat(['-L', '-b', kafkaBrokers()])).toContain(`broker 1 at ${kafkaBrokers()}`)
})

it('PostgreSQL is durable, keeps its data over a SIGKILL and leaves nothing running', async () => {
  const server = stopped(await startPostgres({ settings: { log_min_duration_statement: 0 } }))
  const settings = `select string_agg(setting, ' ' order by name) as all from pg_settings
    where name in ('fsync', 'max_connections', 'shared_buffers', 'wal_level', 'log_min_duration_statement')`
  expect(await query(server.url, settings)).toEqual([{ all: 'on 0 200 32768 replica' }])
  await query(server.url, 'create table kept as select 7 as seven')
  const first = server.pid
  expect(await leftBy(server, 'kill')).toEqual([])
  await expect(query(server.url, 'select 1')).rejects.toThrow('ECONNREFUSED')
  await server.start()
  expect(server.pid).not.toBe(first)
  expect(await query(server.url, 'select * from kept')).toEqual([{ seven: 7 }])
  expect(await leftBy(server)).toEqual([])
})

it('PostgreSQL in a folder that is kept has its data at the next start', async () => {
  const scratch = scratchFolder()
  // For the user `postgres`, who runs it when the tests run as root.
  chmodSync(scratch, 0o755)
  const folder = join(scratch, 'kept')
  const before = stopped(await startPostgres({ folder }))
  await query(before.url, 'create table kept as select 7 as seven')
  await before.stop()
  const after = stopped(await startPostgres({ folder }))
  expect(await query(after.url, 'select * from kept')).toEqual([{ seven: 7 }])
})

it('a SIGKILL takes the busy children of PostgreSQL, which have left its group', async () => {
  const server = stopped(await startPostgres())
  const busy = expect(query(server.url, `do $$ begin loop end loop; end $$`)).rejects.toThrow()
  await until('the endless statement', async () => {
    const rows = await query(server.url, `select 1 from pg_stat_activity where query like 'do %' and state = 'active'`)
    return rows.length > 0
  })
  expect(await leftBy(server, 'kill')).toEqual([])
  await busy
  await server.start()
})

it('Redis begins anew after a SIGKILL, on the same port', async () => {
  const server = stopped(await startRedis({ settings: { maxmemory: '64mb' } }))
  expect(await ping(server.url)).toBe('PONG')
  expect(await leftBy(server, 'kill')).toEqual([])
  await server.start()
  expect(await ping(server.url)).toBe('PONG')
  expect(await leftBy(server)).toEqual([])
})

it('Kafka takes its classes from the archive, which halves the time of a start', async () => {
  const classes = join(scratchFolder(), 'classes.log')
  stopped(await startKafka({ jvm: [`-Xlog:class+load:file=${classes}`] }))
  const hint = 'npm run servers -- --install makes the archive'
  expect(readFileSync(classes, 'utf8'), hint).toMatch(/ kafka\.server\.KafkaConfig source: shared objects file \(top\)/)
})

it('Kafka keeps its records over a SIGKILL and leaves nothing running', async () => {
  const server = stopped(await startKafka(withTopics))
  produce(server.brokers, 'kept', 'one\ntwo\n')
  expect(consume(server.brokers, 'kept')).toBe('one\ntwo\n')
  expect(await leftBy(server, 'kill')).toEqual([])
  await server.start()
  produce(server.brokers, 'kept', 'three\n')
  expect(consume(server.brokers, 'kept')).toBe('one\ntwo\nthree\n')
  expect(await leftBy(server)).toEqual([])
})

it('nginx serves by the text it is given', async () => {
  const server = stopped(
    await startNginx({
      config: ({ port }) => `server { listen 127.0.0.1:${port}; location / { return 200 "$request_body here"; } }`,
    }),
  )
  expect(await (await fetch(server.url)).text()).toBe(' here')
  expect(await leftBy(server, 'kill')).toEqual([])
  await server.start()
  expect(await (await fetch(server.url)).text()).toBe(' here')
  expect(await leftBy(server)).toEqual([])
})

it('a server that is paused does not answer, and goes on when it is resumed', async () => {
  for (const server of [await startPostgres(), await startRedis()]) {
    stopped(server)
    const ask = async (): Promise<unknown> => (server.url.startsWith('redis') ? ping(server.url) : query(server.url, 'select 1'))
    await ask()
    server.pause()
    const answer = ask()
    await expect(within('an answer', answer, 300)).rejects.toThrow('Still not')
    server.resume()
    await answer
    server.pause()
    // A clean stop does not hang on a paused one.
    expect(await leftBy(server)).toEqual([])
  }
})

it('a stop of what is down does nothing, a start of what runs is refused, and one that cannot start says why', async () => {
  const server = stopped(await startRedis())
  await expect(server.start()).rejects.toThrow('Redis is running already')
  await expect(startRedis({ port: server.port })).rejects.toThrow(`Redis could not be started: port ${server.port} is taken`)
  await expect(startRedis({ settings: { maxmemory: 'a lot' } })).rejects.toThrow(
    /Redis could not be started: it ended \(1\)\n(.*\n)*.*maxmemory/,
  )
  await server.stop()
  await server.stop('kill')
})

const modules = new URL('../../../scripts/servers/', import.meta.url).href

/**
 * Starts a process that starts servers of its own, keeps one of them busy, and then runs this; answers the servers'
 * processes and folders.
 */
async function processWithServers(afterwards: string) {
  const text = `
    const { startPostgres } = await import('${modules}postgres.mjs')
    const { startRedis } = await import('${modules}redis.mjs')
    const { family } = await import('${modules}processes.mjs')
    const all = [await startPostgres(), await startRedis()]
    const { default: pg } = await import('pg')
    const client = new pg.Client(all[0].url).on('error', () => {})
    await client.connect()
    client.query('do $$ begin loop end loop; end $$').catch(() => {})
    client.unref()
    console.log(JSON.stringify({ pids: all.flatMap(({ pid }) => family(pid)), folders: all.map(({ folder }) => folder) }))
    ${afterwards}`
  const command = start(process.execPath, ['--input-type=module', '-e', text])
  const line = await until('the servers', () => command.stdout().match(/^\{.*\}\n/)?.[0])
  return { ...command, ...(JSON.parse(line) as { pids: number[]; folders: string[] }) }
}

it.each([
  ['is killed', 'setInterval(() => {}, 1000)', 'SIGKILL'],
  ['is interrupted', 'setInterval(() => {}, 1000)', 'SIGINT'],
  ['throws', `throw new Error('a failed test')`, undefined],
  ['comes to its end', '', undefined],
] as const)(
  'nothing is left, neither process nor folder, of the servers of a process that %s',
  async (_how, afterwards, signal) => {
    const { child, ended, pids, folders } = await processWithServers(afterwards)
    expect(pids.length).toBeGreaterThan(4)
    if (signal) child.kill(signal)
    await within('the end of the process', ended)
    await until('the end of its servers', () => !pids.some(runs))
    await until('the end of their folders', () => !folders.some((folder) => existsSync(folder)))
  },
)
