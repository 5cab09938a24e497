import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { Client as PgClient } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../scripts/servers/postgres.mjs'
import { type RedisServer, startRedis } from '../../scripts/servers/redis.mjs'
import { type OwnDatabase, ownDatabase } from '../cluster/database.ts'
import { startInstance } from '../cluster/instance.ts'
import { put } from '../cluster/kcat.ts'
import { brokenRules } from '../crash/invariants/check.ts'
import { witnessVersions } from '../crash/invariants/versions.ts'
import { spoilt } from '../crash/spoilt.ts'
import type { StoreProcess } from '../kit/process.ts'
import { kafkaBrokers } from '../kit/servers/addresses.ts'
import { Shop } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { deadlocksOf } from './deadlocks.ts'
import { instancesAtRest, instancesGone } from './instances.ts'
import { readStoreFaults } from './read-store.ts'
import { topicFaults, topicLag } from './topics.ts'

/*
 * A check that cannot fail is a defect: what the checks after a storm look at besides the tables is spoilt in one place at a
 * time. Those in SQL: tests/crash/invariants.crash.spec.ts.
 */

const publicUrl = 'http://shop.example'
const topics = { prefix: `bites-${randomUUID()}.`, brokers: '' }

let [postgres, redis] = [] as unknown as [PostgresServer, RedisServer]
let database: OwnDatabase
let instance: StoreProcess
let operator: Redis
let order: number
beforeAll(async () => {
  Object.assign(topics, { brokers: kafkaBrokers() })
  ;[postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  database = await ownDatabase(postgres.url)
  operator = new Redis(redis.url)
  instance = await startInstance({
    DATABASE_URL: database.url,
    KAFKA_BROKERS: topics.brokers,
    KAFKA_PREFIX: topics.prefix,
    REDIS_URL: redis.url,
    PUBLIC_URL: publicUrl,
  })
  await database.look((db) => witnessVersions(db, true))
  order = (await new Shop(instance.url).placed([{ product_id: 1, quantity: 1 }])).order_id
})
afterAll(async () => {
  operator.disconnect()
  await instance.stop()
  await Promise.all([postgres, redis].map((server) => server.stop('kill')))
})

const ofTopics = () => database.look((db) => topicFaults(db, topics))
const ofRedis = () => database.look((db) => readStoreFaults(db, redis.url, publicUrl))
const ofInstances = (checks = instancesAtRest()) => database.look((db) => brokenRules(db, checks))

test.each<[string, () => Promise<string[]>]>([
  ['on the topics', ofTopics],
  ['in their groups', () => topicLag(topics)],
  ['in Redis', ofRedis],
  ['of the instance', () => ofInstances()],
  ['of deadlocks', () => database.look((db) => deadlocksOf(postgres, db))],
])('where everything is right nothing is found %s', async (_where, find) => {
  await until('nothing is found', async () => (await find()).length === 0)
})

test.each<[string, RegExp, string]>([
  ['a record that no log has', /^I11 .*StockDecreased/m, `delete from store.log where type = 'StockDecreased'`],
  ['a record of other bytes', /^I11 .*StockDecreased/m, `update store.log set body = body || ' ' where type = 'StockDecreased'`],
  [
    'a message that is on no topic',
    /^I8 .*StockDecreased/m,
    `update store.log set key = gen_random_uuid() where type = 'StockDecreased'`,
  ],
])('%s', async (_what, fault, statement) => {
  const found = await database.look((db) => spoilt(db, [statement], (tx) => topicFaults(tx, topics)))
  expect(found.join('\n')).toMatch(fault)
})

test.each<[string, RegExp, (key: string) => Promise<unknown>]>([
  ['an order that is in Redis otherwise', /^I12 .* status: PAID is not PLACED/m, (key) => operator.hset(key, 'status', 'PAID')],
  ['an order that is not in Redis', /^I12 .* undefined is not PLACED/m, (key) => operator.del(key)],
  ['an order that is in Redis only', /^I12 .*order:999999/m, () => operator.hset('order:999999', 'status', 'PLACED')],
])('%s', async (_what, fault, spoil) => {
  const key = `order:${order}`
  const before = await operator.hgetall(key)
  await spoil(key)
  expect((await ofRedis()).join('\n')).toMatch(fault)
  await operator.del('order:999999')
  await operator.hset(key, before)
  expect(await ofRedis()).toEqual([])
})

test('versions of tables that a rebuild has made are witnessed, too', async () => {
  expect((await new Shop(instance.url).post('/store-api/read-model/rebuild')).status).toBe(200)
  const names = await database.look((db) => db.query<{ name: string }>('select distinct name from witness.version'))
  expect(names.map(({ name }) => name)).toEqual(expect.arrayContaining(['store_view_next.orders', 'store_view_next.stock']))
})

test('a transaction that an instance leaves open', async () => {
  const other = await connected('comptoir elsewhere')
  await other.query('begin')
  await other.query('select pg_current_xact_id()')
  await until('it is found', async () => /^I20 .*left open/m.test((await ofInstances()).join('\n')))
})

test('a lease of an instance that is not there', async () => {
  const statement = `insert into payments.lease values ('some work', 'comptoir of before', 1, comptoir.now() + interval '1 hour')`
  const found = await database.look((db) => spoilt(db, [statement], (tx) => brokenRules(tx, instancesAtRest())))
  expect(found.join('\n')).toMatch(/^I20 .*held by an instance that is there.*some work/m)
})

test('an instance that has not left', async () => {
  const found = (await ofInstances(instancesGone())).join('\n')
  expect(found).toMatch(/^I20 .*no connection of an instance/m)
  expect(found).toMatch(/^I20 .*no lease is held/m)
})

test('F22: a deadlock, also when the server has forgotten it', async () => {
  const [one, other] = [await connected('one'), await connected('other')]
  await one.query('create table pair as select 1 as n union all select 2')
  const lock = (client: PgClient, n: number) => client.query('select from pair where n = $1 for update', [n])
  for (const client of [one, other]) await client.query('begin')
  await Promise.all([lock(one, 1), lock(other, 2)])
  const both = await Promise.allSettled([lock(one, 2), lock(other, 1)])
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  // Counters are told of a transaction when it has ended.
  for (const client of [one, other]) await client.query('rollback')
  const found = () => database.look((db) => deadlocksOf(postgres, db))
  await until('the log and the counter tell', async () => (await found()).length === 2)
  await database.look((db) => db.query('select pg_stat_reset()'))
  expect((await found()).join()).toMatch(/^I20 .*deadlock detected/)
})

test('when the instance has left nothing is found, but a record that is put on a topic afterwards', async () => {
  await instance.stop()
  expect(await ofInstances(instancesGone())).toEqual([])
  put(`${topics.prefix}payments`, randomUUID(), '{}')
  expect((await topicLag(topics)).join()).toMatch(/^I20 .*payments has 1 that are not/)
})

/** A connection that calls itself so, until the end of the test. */
async function connected(application: string): Promise<PgClient> {
  const client = new PgClient({ connectionString: database.url, application_name: application })
  await client.connect()
  onTestFinished(() => client.end())
  return client
}
