import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { Admin } from '../../packages/kafka/src/client.ts'
import { Acknowledged } from '../crash/acknowledged.ts'
import { drain } from '../crash/drain.ts'
import { checkInvariants } from '../crash/invariants.ts'
import { killed } from '../crash/lives.ts'
import { databaseUrl, kafkaBrokers } from '../kit/servers/addresses.ts'
import { Shop } from '../kit/shop.ts'
import { until } from '../kit/wait.ts'
import { ownDatabase } from './database.ts'
import { startInstance } from './instance.ts'

/** The first death is nobody's fault yet; then each start is counted, and there is no fourth. */
const deaths = 4
/** A member's session, and a start on a busy machine. */
const deathMs = 30_000
/** Its reservation is what kills. */
const deadlyProduct = 9

/** The handler of the deadly message stands here until its process is killed, as by what ends one that takes all memory. */
const deadly = `
  create function store.kill() returns trigger language plpgsql as $$ begin perform pg_sleep(9); return new; end $$;
  create trigger kill before insert on store.stock_ledger for each row
    when (new.kind = 'reserved' and new.product_id = ${deadlyProduct}) execute function store.kill();`
const handling = `select application_name as instance from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`

/** Or both have it in hand at the first death, one waiting for the other's transaction, and the second death is not counted either. */
async function sharesSettle(topic: string, members: number): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: kafkaBrokers().split(','), retries: 30, retryDelay: 100 })
  const isSettled = async () => {
    const group = (await admin.describeGroups({ groups: [topic] })).get(topic)
    return group?.state === 'Stable' && group.members.size === members
  }
  await until(`${members} members share ${topic}`, isSettled).finally(() => admin.close())
}

it(
  `F8, I5, I8, I20: on Kafka, a message that kills whichever of two instances handles it is a dead letter after ${deaths} deaths, its order is cancelled and the others are placed`,
  async () => {
    const database = await ownDatabase(databaseUrl())
    onTestFinished(() => database.drop())
    const prefix = `killing-${randomUUID()}.`
    const env = { DATABASE_URL: database.url, KAFKA_BROKERS: kafkaBrokers(), KAFKA_PREFIX: prefix }
    const living = [await startInstance(env), await startInstance(env)]
    await sharesSettle(`${prefix}store`, living.length)
    const shop = (index = 0) => new Shop(living[index]?.url ?? '')
    const acknowledged = new Acknowledged()
    const place = async (at: Shop, product_id: number) => {
      const items = [{ product_id, quantity: 1 }]
      const id = await at.accept(items)
      acknowledged.orders.set(id, { user_id: 1, items, key: undefined })
      return id
    }
    await database.look((db) => db.script(deadly))
    const others = [await place(shop(), 1), await place(shop(), 2)]
    const doomed = await place(shop(), deadlyProduct)
    others.push(await place(shop(), 1), await place(shop(), 2))

    for (let death = 1; death <= deaths; death += 1) {
      const victim = await until(
        `one that lives handles the message, before death ${death}`,
        async () => {
          const at = await database.look((db) => db.query<{ instance: string }>(handling))
          const index = living.findIndex(({ pid }) => at.some(({ instance }) => instance.includes(` ${pid} `)))
          return index >= 0 && index
        },
        deathMs,
      )
      expect(await living[victim]?.kill()).toEqual(killed)
      others.push(await place(shop(1 - victim), 1))
      living[victim] = await startInstance(env)
    }
    await until('its order has ended', async () => (await shop().order(doomed)).status !== 'PENDING', deathMs)
    expect(await shop().order(doomed)).toMatchObject({ status: 'CANCELLED', reason: 'error' })
    for (const id of others) expect((await shop().orderAtRest(id)).status).toBe('PLACED')
    await drain(living[0]?.url ?? '')
    for (const instance of living) expect((await instance.stop()).code, instance.output()).toBe(0)
    const letters = await database.look((db) => db.query('select type, state, settled from store.held_message'))
    expect(letters).toEqual([{ type: 'OrderCreated', state: 'dead', settled: true }])
    expect(await database.look((db) => checkInvariants(db, acknowledged))).toEqual([])
  },
  (deaths + 2) * deathMs,
)
