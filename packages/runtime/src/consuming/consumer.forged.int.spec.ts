import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Diagnostics, listen } from '../diagnostics.ts'
import { appendToLog } from '../log/log.ts'
import type { Database } from '../ports/database.ts'
import { eventually } from '../testing/eventually.ts'
import { trip } from '../testing/trip.ts'
import { eachWay, openWorld, World } from '../testing/world.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

const eventId = '01b92571-ea00-7000-8000-000000000001'

/** Service b says it to b. */
const say = (key: string, type: string, data: object, more: { definition: string | null; id: string | null }) =>
  database.transaction((tx) => appendToLog(tx, 'b', [{ mailbox: 'b', key, type, body: JSON.stringify(data), ...more }]))

eachWay(() => {
  it('row 67: a message from a service that never sends it is a dead letter, is told, and changes nothing', async () => {
    world = await World.create(database)
    const told: Diagnostics['comptoir:held'][] = []
    const end = listen('comptoir:held', (message) => told.push(message))
    const [id = ''] = await world.begin([7])
    const forged = { input: { n: 666 }, book: { seat: 0 } }
    for (let time = 0; time < 2; time++) await say(id, 'Booked', forged, { definition: trip.id, id: null })
    await world.start()
    await eventually(() => world.ended())
    await eventually(async () => (await world.held('b')).length > 0 && told.length > 0)
    end()
    expect(world.attempts.map(({ step }) => step)).toEqual(['book', 'pack', 'pay', 'leave'])
    expect(await database.query(`select data from b.inbox where step = 'pack'`)).toEqual([
      { data: '{"input":{"n":7},"book":{"seat":107}}' },
    ])
    const error =
      'forged: Booked is sent by a, and this one says that it comes from b: find out who wrote it, and let nobody but the services write to their topics'
    expect(await world.held('b')).toEqual([{ key: id, type: 'Booked', state: 'dead', attempts: 0, settled: true, error }])
    expect(told).toContainEqual({ service: 'b', state: 'dead', type: 'Booked', key: id, attempts: 0, error })
  })

  it('row 67: an event that bears the id of another without right does not stand in its way', async () => {
    world = await World.create(database)
    const key = '01b92571-ea00-7000-8000-000000000002'
    await say(key, 'Noted', { n: 666 }, { definition: null, id: eventId })
    await world.start()
    await eventually(async () => (await world.held('b')).length > 0)
    await database.transaction((tx) =>
      appendToLog(tx, 'a', [{ mailbox: 'b', key, type: 'Noted', id: eventId, definition: null, body: '{"n":1}' }]),
    )
    await eventually(async () => (await world.effects(key)).length > 0)
    expect((await world.held('b')).map(({ error }) => error)).toEqual([expect.stringContaining('forged: Noted is sent by a')])
  })
})
