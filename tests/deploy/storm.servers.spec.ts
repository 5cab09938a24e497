import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KafkaServer, startKafka } from '../../scripts/servers/kafka.mjs'
import { Acknowledged } from '../crash/acknowledged.ts'
import { drain } from '../crash/drain.ts'
import { checkInvariants, rules } from '../crash/invariants.ts'
import { Load } from '../crash/load.ts'
import { faultsSeen, levelsSeen } from '../crash/outside.ts'
import { Random } from '../crash/random.ts'
import { until, within } from '../kit/wait.ts'
import { addressOf, query } from './databases.ts'
import { type Deployment, instanceNames, startDeployment } from './deployment.ts'
import { DrivenOrders } from './driven-orders.ts'
import { faultsOf } from './faults.ts'
import { bringTogether } from './together.ts'

const seed = Number(process.env.COMPTOIR_CRASH_SEED ?? Date.now() % 2 ** 31)
/** So many are acknowledged, and the faults come at equal distances among them. */
const orders = Number(process.env.COMPTOIR_STORM_ORDERS ?? 2_000)
const loads = 3
const connections = 24
/** Far above what an order takes on a busy machine, and what a fault costs all of them. In milliseconds. */
const orderMs = 100
const faultMs = 60_000
const restMs = 120_000

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

/** How many sagas are open just now, at both homes. */
async function sagasInFlight(): Promise<number> {
  const open = ['store', 'orchestrator'].map((home) =>
    query(addressOf(deployment.postgres, 'postgres', home), `select from ${home}.saga_open`),
  )
  return (await Promise.all(open)).flat().length
}

/** The violations of all invariants, as soon as there are none; those of the last look when some stay. */
async function violationsAtRest(acknowledged: Acknowledged): Promise<string[]> {
  for (const service of ['store', 'payments', 'saga']) await drain(`${deployment.url}/${service}-api`, restMs)
  let violations: string[] = []
  // What lies in Kafka no service counts as its own: it shows as a message that was not handled, and is waited for.
  const end = performance.now() + restMs
  do {
    const whole = await bringTogether(deployment.postgres)
    violations = await whole.look((database) => checkInvariants(database, acknowledged))
    await whole.drop()
  } while (violations.length > 0 && performance.now() < end)
  return violations
}

test(
  `F1, F2, F4, F5, F6, F9, F11, F14, F23, F32, F34: behind the gateway, I1 to I9, I12, I14, I15, I17, I19 and I20 hold over ${orders} orders, while instances of all services, PostgreSQL, Kafka, Redis and nginx are killed, frozen and restarted (random seed ${seed})`,
  async () => {
    const { url } = deployment
    const levels = await levelsSeen(url)
    const choreographed = Array.from({ length: loads }, (_, n) => new Load(new Random(seed + n), n, true, true))
    const driven = new DrivenOrders(new Random(seed + loads))
    const all = [...choreographed, driven]
    const count = () => all.reduce((sum, { acknowledged }) => sum + acknowledged.orders.size, 0)
    const clients = Promise.all([...choreographed.map((load) => load.run(url, connections)), driven.run(url, connections)])

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
    for (const load of choreographed) await load.settle(url)
    expect(all.flatMap(({ surprises }) => surprises)).toEqual([])
    const told = new Acknowledged()
    for (const { acknowledged } of all) told.add(acknowledged)
    expect(await violationsAtRest(told)).toEqual([])
    const unanswered = new Map(choreographed.flatMap((load) => [...load.unanswered]))
    expect(await faultsSeen(url, told, levels, unanswered)).toEqual([])
    expect(inFlight, 'faults with sagas in flight').toBeGreaterThanOrEqual(faults.length / 2)
    expect(driven.acknowledged.orders.size, 'orders that were driven').toBeGreaterThan(faults.length)
    process.stdout.write(
      `${told.orders.size} orders acknowledged; ${faults.length} faults, ${inFlight} with sagas in flight; all ${rules.length} rules of the invariants held, and all that was acknowledged is there\n`,
    )
    await until('every instance is well', () => instanceNames.every((name) => deployment.isHealthy(name)), faultMs)
    for (const name of instanceNames) {
      const instance = deployment.instance(name)
      expect((await instance.stop()).code, instance.output()).toBe(0)
    }
  },
  600_000 + orders * orderMs,
)
