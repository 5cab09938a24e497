function fromEnvironment(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: servers are there for specs called *.servers.spec.ts only`)
  return value
}

/** Where the PostgreSQL of the run is: a superuser's URL. Make a database of your own in it. */
export const databaseUrl = (): string => fromEnvironment('TEST_DATABASE_URL')

/** Where the Redis of the run is. */
export const redisUrl = (): string => fromEnvironment('TEST_REDIS_URL')

/** Where the Kafka of the run is: `host:port`, with commas between several. */
export const kafkaBrokers = (): string => fromEnvironment('TEST_KAFKA_BROKERS')
