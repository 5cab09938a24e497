import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type TcpProxy, tcpProxy } from '../../packages/runtime/src/testing/tcp-proxy.ts'
import { type KafkaServer, startKafka } from '../../scripts/servers/kafka.mjs'
import { freePort } from '../../scripts/servers/port.mjs'
import { Acknowledged } from '../crash/acknowledged.ts'
import { brokenRules } from '../crash/invariants/check.ts'
import { witnessVersions } from '../crash/invariants/versions.ts'
import { checkAlways } from '../crash/invariants.ts'
import { levelsSeen } from '../crash/outside.ts'
import { Random } from '../crash/random.ts'
import { databaseUrl } from '../kit/servers/addresses.ts'
import { until } from '../kit/wait.ts'
import { faultsAfter, faultsInSql } from '../storm/aftermath.ts'
import { instancesAtRest } from '../storm/instances.ts'
import { ownDatabase } from './database.ts'
import { Member } from './member.ts'

const seed = Number(process.env.COMPTOIR_CRASH_SEED ?? Date.now() % 2 ** 31)
/**
 * A way is mute until the other instance has so many more acknowledgements. With Kafka these last beyond a member's session.
 * What cannot reach PostgreSQL stays a member for ten seconds: orders of its keys wait, and clients that cancel one wait with
 * it (for longer: no-database.servers.spec.ts).
 */
const acknowledgements = { PostgreSQL: 15, Kafka: 70 }
/** Far above what these take with a session to wait for, on a busy machine. */
const workMs = 60_000

/** What one who listens at `far` is told of the broker leads through the proxy; the others reach it directly. */
let kafka: KafkaServer
let toKafka: TcpProxy
beforeAll(async () => {
  const [near, far, controller] = [await freePort(), await freePort(), await freePort()]
  toKafka = await tcpProxy(`kafka://127.0.0.1:${far}`)
  kafka = await startKafka({
    port: near,
    settings: {
      listeners: `PLAINTEXT://127.0.0.1:${near},FAR://127.0.0.1:${far},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${near},FAR://${brokersOf(toKafka)}`,
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,FAR:PLAINTEXT',
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    },
  })
})
afterAll(async () => {
  await toKafka.close()
  await kafka.stop('kill')
})

const brokersOf = (proxy: TcpProxy) => new URL(proxy.through('kafka://127.0.0.1:1')).host

const drop = () => false
const pass = () => undefined
const ways = [
  ['both ways', drop, drop],
  ['on the way there', drop, pass],
  ['on the way back', pass, drop],
] as const

it.each(['PostgreSQL', 'Kafka'] as const)(
  `F38, F21: one of two instances is cut off from %s, both ways and one way only: I1 to I17, I19 and I20 hold (random seed ${seed})`,
  async (server) => {
    const database = await ownDatabase(databaseUrl())
    onTestFinished(() => database.drop())
    const toPostgres = await tcpProxy(database.url)
    onTestFinished(() => toPostgres.close())
    const env = { KAFKA_PREFIX: `cut-${server}.` }
    const near = await Member.start(new Random(seed), 0, { ...env, DATABASE_URL: database.url, KAFKA_BROKERS: kafka.brokers })
    const cutOff = await Member.start(new Random(seed + 1), 1, {
      ...env,
      DATABASE_URL: toPostgres.through(database.url),
      KAFKA_BROKERS: brokersOf(toKafka),
    })
    const levels = await levelsSeen(near.store.url)
    await database.look((db) => witnessVersions(db, true))
    for (const member of [near, cutOff]) member.open()
    const proxy = server === 'Kafka' ? toKafka : toPostgres
    for (const [way, onRequest, onAnswer] of ways) {
      const before = [near, cutOff].map(({ load }) => load.acknowledged.count)
      const more = (index: number, { load }: Member) => load.acknowledged.count - (before[index] ?? 0) >= acknowledgements[server]
      Object.assign(proxy, { onRequest, onAnswer })
      await until(`work at the other, mute ${way}`, () => more(0, near), workMs)
      Object.assign(proxy, { onRequest: pass, onAnswer: pass })
      // What was under way stays lost.
      proxy.cut()
      await until(`work at the one that was cut off, after mute ${way}`, () => more(1, cutOff), workMs)
      expect(await database.look(checkAlways), way).toEqual([])
    }
    await Promise.all([near, cutOff].map((member) => member.rest()))
    const asked = new Acknowledged()
    for (const { load } of [near, cutOff]) {
      await load.settle(near.store.url)
      expect(load.surprises).toEqual([])
      asked.add(load.acknowledged)
    }
    const topics = { brokers: kafka.brokers, prefix: env.KAFKA_PREFIX }
    const { url } = near.store
    expect(await faultsAfter({ url, metrics: [url], asked, levels, look: database.look, topics })).toEqual([])
    expect(await database.look((db) => brokenRules(db, instancesAtRest()))).toEqual([])
    for (const { store } of [near, cutOff]) expect((await store.stop()).code, store.output()).toBe(0)
    expect(await database.look((db) => faultsInSql(db, asked))).toEqual([])
  },
  300_000,
)
