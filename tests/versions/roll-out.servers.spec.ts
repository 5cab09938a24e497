import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Diagnostics, listen } from '../../packages/runtime/src/diagnostics.ts'
import { trip } from '../../packages/runtime/src/testing/trip.ts'
import { tripTwo } from '../../packages/runtime/src/testing/trip-two.ts'
import { StrandedSagasError } from '../../packages/runtime/src/versions/stranded.ts'
import { type OwnDatabase, ownDatabase } from '../cluster/database.ts'
import { databaseUrl } from '../kit/servers/addresses.ts'
import { until } from '../kit/wait.ts'
import { prepareTrips, TripInstance, type Way, ways } from './trips.fixture.ts'

const patience = 60_000
let database: OwnDatabase
const running: TripInstance[] = []
const told: Diagnostics['comptoir:unknown'][] = []
let deaf = () => {}
beforeAll(() => {
  deaf = listen('comptoir:unknown', (message) => told.push(message))
})
afterAll(() => deaf())
beforeEach(async () => {
  told.length = 0
  database = await ownDatabase(databaseUrl())
  await database.look(prepareTrips)
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((instance) => instance.stop()))
  await database.drop()
})

describe.each(Object.entries(ways))('F26: version 2 is rolled out on a server, through the %s', (_, makeWay) => {
  let way: Way
  beforeEach(() => {
    way = makeWay()
  })
  async function start(...versions: (1 | 2)[]): Promise<TripInstance> {
    const instance = await TripInstance.start(database.url, versions, way)
    running.push(instance)
    return instance
  }
  const ask = <R>(text: string): Promise<R[]> => database.look((db) => db.query<R>(text))
  const open = async (id: string): Promise<number> =>
    (await ask(`select from a.saga_open join a.saga using (id) where definition = '${id}'`)).length

  it('old instances restart meanwhile, none of both versions is lost, and each saga ends on its own', {
    timeout: 180_000,
  }, async () => {
    const first = await start(1)
    await first.begin(trip, 20)
    const newer = await start(1, 2)
    await Promise.all([first.begin(trip, 20), newer.begin(tripTwo, 20)])
    await Promise.all([first.stop(), newer.idle()])
    await newer.begin(tripTwo, 20)
    // One that crashed, say, before it was replaced.
    const again = await start(1)
    expect(told).toEqual([{ service: 'a', declaration: tripTwo.id, sagas: expect.any(Number) }])
    const last = await start(1, 2)
    await Promise.all([again.begin(trip, 20), newer.begin(trip, 20), last.begin(tripTwo, 1)])
    await until('version 1 has ended', async () => (await open(trip.id)) === 0, patience)
    await again.stop()
    await until('version 2 has ended', async () => (await open(tripTwo.id)) === 0, patience)
    await until(
      'nothing is held',
      async () => (await ask('select from b.held_message union all select from a.held_message')).length === 0,
      patience,
    )
    const ended = await ask<{ definition: string; outcome: string; effects: string }>(
      `select s.definition, s.outcome, string_agg(e.name, ' ' order by e.place, e.n) as effects from a.saga as s
         join lateral (select 1 as place, n, name, saga from a.effect union all select 2, n, name, saga from b.effect) as e on e.saga = s.id
       group by s.id, s.definition, s.outcome`,
    )
    const tally = new Map<string, number>()
    for (const { definition, outcome, effects } of ended) {
      const what = [definition, outcome, effects].join(' ')
      tally.set(what, (tally.get(what) ?? 0) + 1)
    }
    expect(Object.fromEntries(tally)).toEqual({
      [`${trip.id} completed book leave pack pay`]: 80,
      [`${tripTwo.id} completed book leave insure pack pay`]: 41,
    })
    // The old declaration has been drained: it may go.
    await Promise.all([newer.stop(), last.stop()])
    await start(2)
  })

  it('is refused to a start that has dropped version 1 too early, and version 1 goes on', { timeout: 120_000 }, async () => {
    const old = await start(1)
    await old.idle()
    await old.begin(trip, 3)
    await old.stop()
    await expect(start(2)).rejects.toThrow(StrandedSagasError)
    const both = await start(1, 2)
    await until('version 1 has ended', async () => (await open(trip.id)) === 0, patience)
    await both.stop()
    await start(2)
  })
})
