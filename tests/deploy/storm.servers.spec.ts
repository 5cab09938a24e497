import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KafkaServer, startKafka } from '../../scripts/servers/kafka.mjs'
import { lookInto } from '../cluster/database.ts'
import { Acknowledged } from '../crash/acknowledged.ts'
import { brokenRules } from '../crash/invariants/check.ts'
import { witnessVersions } from '../crash/invariants/versions.ts'
import { Load } from '../crash/load.ts'
import { levelsSeen } from '../crash/outside.ts'
import { Pace } from '../crash/pace.ts'
import { Random } from '../crash/random.ts'
import { until, within } from '../kit/wait.ts'
import { type Aftermath, faultsAfter } from '../storm/aftermath.ts'
import { DrivenOrders } from '../storm/driven-orders.ts'
import { instancesAtRest, instancesGone } from '../storm/instances.ts'
import { proven } from '../storm/report.ts'
import { addressOf, query } from './databases.ts'
import { type Deployment, instanceNames, startDeployment } from './deployment.ts'
import { faultsOf } from './faults.ts'
import { bringTogether } from './together.ts'

const seed = Number(process.env.COMPTOIR_CRASH_SEED ?? Date.now() % 2 ** 31)
/** So many are acknowledged, and the faults come at equal distances among them. */
const orders = Number(process.env.COMPTOIR_STORM_ORDERS ?? 2_000)
/** So many are sent in a second, at most, by all clients together. */
const mostASecond = 200
const loads = 3
const connections = 24
/** Far above what an order takes on a busy machine, and what a fault costs all of them. In milliseconds. */
const orderMs = 100
const faultMs = 60_000
const restMs = 120_000
const services = ['store', 'payments', 'orchestrator']

// A Kafka of its own, which is to be killed.
let kafka: KafkaServer
let deployment: Deployment
beforeAll(async () => {
  kafka = await startKafka()
  deployment = await startDeployment(kafka.brokers)
})
afterAll(async () => {
  await deployment?.stop()
  await kafka.stop('kill')
})

const databaseOf = (service: string) => addressOf(deployment.postgres, 'postgres', service)

/** How many sagas are open just now, at both homes. */
async function sagasInFlight(): Promise<number> {
  const open = ['store', 'orchestrator'].map((home) => query(databaseOf(home), `select from ${home}.saga_open`))
  return (await Promise.all(open)).flat().length
}

/** What is wrong with the instances themselves, by the database of each service. */
async function brokenOf(checks: typeof instancesAtRest): Promise<string[]> {
  const broken = services.map((service) => lookInto(databaseOf(service), (db) => brokenRules(db, checks([service]))))
  return (await Promise.all(broken)).flat()
}

/** Looks at a copy of all databases. */
const look: Aftermath['look'] = async (at) => {
  const whole = await bringTogether(deployment.postgres)
  try {
    return await whole.look(at)
  } finally {
    await whole.drop()
  }
}

test(
  `F1, F2, F4, F5, F6, F9, F11, F14, F23, F32, F34: behind the gateway, I1 to I17, I19 and I20 hold over ${orders} orders, while instances of all services, PostgreSQL, Kafka, Redis and nginx are killed, frozen and restarted (random seed ${seed})`,
  async () => {
    const { url, postgres, redis, topics } = deployment
    const levels = await levelsSeen(url)
    await lookInto(databaseOf('store'), (db) => witnessVersions(db, true))
    const pace = new Pace(mostASecond)
    const choreographed = Array.from(
      { length: loads },
      (_, number) => new Load(new Random(seed + number), { number, outages: true, gateway: true, pace }),
    )
    const driven = new DrivenOrders(new Random(seed + loads), pace)
    const all = [...choreographed, driven]
    const count = () => all.reduce((sum, { acknowledged }) => sum + acknowledged.orders.size, 0)
    const opened = performance.now()
    const clients = Promise.all([...choreographed.map((load) => load.run(url, connections)), driven.run(() => url, connections)])

    const faults = faultsOf(deployment, kafka, new Random(seed))
    const between = orders / (faults.length + 1)
    // The clients end meanwhile only by an error.
    const reach = (wanted: number, before: string) =>
      Promise.race([until(`${wanted} orders, before ${before}`, () => count() >= wanted, faultMs + between * orderMs), clients])
    let inFlight = 0
    for (const [n, { what, act }] of faults.entries()) {
      await reach((n + 1) * between, what)
      if ((await sagasInFlight()) > 0) inFlight += 1
      await act()
    }
    await reach(orders, 'the end')

    for (const load of all) load.stop()
    await within('the last answer', clients, restMs)
    const ms = performance.now() - opened
    for (const load of choreographed) await load.settle(url)
    expect(all.flatMap(({ surprises }) => surprises)).toEqual([])
    const asked = new Acknowledged()
    for (const { acknowledged } of all) asked.add(acknowledged)
    const aftermath: Aftermath = {
      url,
      metrics: ['store', 'payments', 'saga'].map((service) => `${url}/${service}-api`),
      asked,
      levels,
      look,
      topics,
      redis: { url: redis.url, publicUrl: url },
    }
    expect(await faultsAfter(aftermath)).toEqual([])
    expect(await brokenOf(instancesAtRest)).toEqual([])
    await until('every instance is well', () => instanceNames.every((name) => deployment.isHealthy(name)), faultMs)
    for (const name of instanceNames) {
      const instance = deployment.instance(name)
      expect((await instance.stop()).code, instance.output()).toBe(0)
    }
    expect(await brokenOf(instancesGone)).toEqual([])
    const styles = await proven(
      {
        name: 'two instances of each service behind nginx, PostgreSQL, Kafka and Redis',
        seed,
        ms,
        mostASecond,
        inFlight,
        faults: faults.map(({ what }) => what.replace(/^(\w+)-\d/, 'an instance of $1')),
        wentBack: choreographed.reduce((sum, { wentBack }) => sum + wentBack, 0),
      },
      aftermath,
      postgres,
    )
    for (const style of ['http', 'messages'])
      expect(styles.find(({ what }) => what === style)?.n, `orders that were driven: ${style}`).toBeGreaterThan(faults.length)
  },
  600_000 + orders * orderMs,
)
