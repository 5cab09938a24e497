import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { kafkaBroker } from '../../packages/kafka/src/index.ts'
import { BrokerConsumer } from '../../packages/runtime/src/consuming/broker-consumer.ts'
import { Relay } from '../../packages/runtime/src/log/relay.ts'
import { localSignals } from '../../packages/runtime/src/signals/local-signals.ts'
import { trip } from '../../packages/runtime/src/testing/trip.ts'
import { tripTwo } from '../../packages/runtime/src/testing/trip-two.ts'
import { unknownMessages } from '../../packages/runtime/src/versions/unknown-messages.ts'
import { type OwnDatabase, ownDatabase } from '../cluster/database.ts'
import { say } from '../cluster/said.ts'
import { databaseUrl, kafkaBrokers } from '../kit/servers/addresses.ts'
import { until } from '../kit/wait.ts'
import { prepareTrips, TripInstance, type Way } from './trips.fixture.ts'

let database: OwnDatabase
let prefix: string
const running: TripInstance[] = []
const brokers: ReturnType<typeof kafkaBroker>[] = []
beforeEach(async () => {
  prefix = `future-${randomUUID()}.`
  database = await ownDatabase(databaseUrl())
  await database.look(prepareTrips)
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((instance) => instance.stop()))
  await Promise.all(brokers.splice(0).map((broker) => broker.close()))
  await database.drop()
})

const way: Way = {
  signals: localSignals(),
  work: (service) => {
    const broker = kafkaBroker({ brokers: kafkaBrokers().split(','), service: service.name, prefix })
    brokers.push(broker)
    const relay = new Relay(service, broker, { services: ['a', 'b'] })
    return [new BrokerConsumer(service, broker), relay, unknownMessages(service)]
  },
}
/** Starts an instance that knows these versions of a trip; its topics are there. */
async function start(...versions: (1 | 2)[]): Promise<TripInstance> {
  const instance = await TripInstance.start(database.url, versions, way)
  running.push(instance)
  await brokers.at(-1)?.prepare(['a', 'b', 'a.control', 'b.control'])
  return instance
}
const ask = <R>(text: string, key: string) => database.look((db) => db.query<R>(text, [key]))
/** What service b did for a trip. */
const effects = async (key: string) =>
  (await ask<{ name: string }>('select name from b.effect where saga = $1 order by n', key)).map(({ name }) => name)
const held = (key: string) => ask('select state, type from b.held_message where key = $1', key)
/** Service a has booked. */
const booked = (key: string, definition: string, body: object) =>
  say(prefix, { source: 'a', mailbox: 'b', key, type: 'Booked', id: null, definition, body: JSON.stringify(body) })

it('F39, row 63: a record of a future declaration is held while others go on, and goes on when code that knows it starts', async () => {
  const [future, known] = [randomUUID(), randomUUID()]
  const old = await start(1)
  booked(future, tripTwo.id, { input: { n: 1 }, book: { seat: 7 } })
  await until('it is held', async () => (await held(future)).length > 0)
  expect(await held(future)).toEqual([{ state: 'unknown', type: 'Booked' }])
  booked(known, trip.id, { input: { n: 2 }, book: { seat: 8 } })
  await until('a trip that is known goes on', async () => (await effects(known)).join(' ') === 'pack pay')
  await old.stop()
  expect(await effects(future)).toEqual([])
  await start(1, 2)
  await until('the other one, too', async () => (await effects(future)).join(' ') === 'insure pack pay')
  expect(await held(future)).toEqual([])
}, 60_000)

it('row 63: fields that a future minor version adds are kept, and passed on', async () => {
  const key = randomUUID()
  await start(1)
  const [seat, gift] = [{ seat: 7, window: true }, { wrapped: ['red', null, 1.5] }]
  booked(key, trip.id, { input: { n: 1, child: 'yes' }, book: seat, gift })
  await until('it has been packed and paid', async () => (await effects(key)).join(' ') === 'pack pay')
  const [row] = await ask<{ body: string }>(`select body from b.log where key = $1 and mailbox = 'a' and type = 'Paid'`, key)
  expect(JSON.parse(row?.body ?? 'null')).toEqual({ input: { n: 1, child: 'yes' }, book: seat, gift, pack: {}, pay: {} })
}, 60_000)
