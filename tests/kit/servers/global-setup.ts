import { startKafka } from '../../../scripts/servers/kafka.mjs'
import type { Server } from '../../../scripts/servers/own.mjs'
import { startPostgres } from '../../../scripts/servers/postgres.mjs'
import { startRedis } from '../../../scripts/servers/redis.mjs'

/** What a variable of the environment is set to when it is not set already. */
const servers: Record<string, () => Promise<readonly [Server, address: string]>> = {
  TEST_DATABASE_URL: async () => {
    const server = await startPostgres()
    return [server, server.url]
  },
  TEST_REDIS_URL: async () => {
    const server = await startRedis()
    return [server, server.url]
  },
  TEST_KAFKA_BROKERS: async () => {
    const server = await startKafka()
    return [server, server.brokers]
  },
}

/**
 * For vitest: takes the servers that the environment names and starts the others, all at the same time. The workers that
 * run the specs inherit the environment.
 */
export async function setup(): Promise<() => Promise<void>> {
  const absent = Object.entries(servers).filter(([name]) => !process.env[name])
  const started = await Promise.allSettled(
    absent.map(async ([name, start]) => {
      const [server, address] = await start()
      process.env[name] = address
      return { name, server }
    }),
  )
  const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = async () => {
    for (const { name } of running) delete process.env[name]
    await Promise.all(running.map(({ server }) => server.stop('kill')))
  }
  const failure = started.find((one) => one.status === 'rejected')
  if (failure) {
    await stop()
    throw failure.reason
  }
  return stop
}
