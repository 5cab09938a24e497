import { afterAll, beforeAll, test } from 'vitest'
import { type KafkaServer, startKafka } from '../../scripts/servers/kafka.mjs'
import { type PostgresServer, startPostgres } from '../../scripts/servers/postgres.mjs'
import { type RedisServer, startRedis } from '../../scripts/servers/redis.mjs'
import { type OwnDatabase, ownDatabase } from './database.ts'
import { restart } from './restart.ts'
import { weather } from './storm.ts'

const seed = Number(process.env.COMPTOIR_CRASH_SEED ?? Date.now() % 2 ** 31)

// Servers of its own, which are to be killed.
let [postgres, kafka, redis] = [] as unknown as [PostgresServer, KafkaServer, RedisServer]
let database: OwnDatabase
beforeAll(async () => {
  ;[postgres, kafka, redis] = await Promise.all([startPostgres(), startKafka(), startRedis()])
  database = await ownDatabase(postgres.url)
}, 120_000)
afterAll(() => Promise.all([postgres, kafka, redis].map((server) => server.stop('kill'))))

test(
  `F1, F2, F4, F5, F6, F9, F11, F14, F22, F23, F32, F34: I1 to I17, I19 and I20 hold after kills, freezes and restarts of three instances, their PostgreSQL, Kafka and Redis (random seed ${seed})`,
  () =>
    weather({
      name: 'three instances, PostgreSQL, Kafka and Redis',
      seed,
      postgres,
      database,
      kafka: kafka.brokers,
      redis: redis.url,
      faults: [
        'kill',
        'freeze',
        restart(kafka, 'clean', 'Kafka'),
        'stop',
        restart(redis, 'kill', 'Redis'),
        restart(postgres, 'clean'),
        'kill',
        restart(kafka, 'kill', 'Kafka'),
        'freeze',
        restart(postgres, 'kill'),
        'kill',
        restart(redis, 'clean', 'Redis'),
        'stop',
      ],
    }),
  900_000,
)
