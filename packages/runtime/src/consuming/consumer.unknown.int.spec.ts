import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Diagnostics, listen } from '../diagnostics.ts'
import type { Database } from '../ports/database.ts'
import { eventually } from '../testing/eventually.ts'
import { eachWay, openWorld, World } from '../testing/world.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

eachWay(() => {
  describe('F39, row 63: a message of a declaration that this code does not know', () => {
    it('is held with all of its key, while others go on, and released when code that knows it starts', async () => {
      world = await World.create(database)
      const told: Diagnostics['comptoir:held'][] = []
      const end = listen('comptoir:held', (message) => told.push(message))
      const [id = '', other = ''] = await world.begin(2)
      await world.start(world.services.a, world.service('b', { knowsTrip: false }))
      await eventually(async () => (await world.held('b')).length === 2)
      await world.note('b', [id])
      await eventually(async () => (await world.held('b')).length === 3)
      await world.note('b', ['01b92571-ea00-7000-8000-000000000001'])
      await eventually(async () => (await world.effects('01b92571-ea00-7000-8000-000000000001')).length === 1)
      const held = await world.held('b')
      const statesOf = (saga: string) => held.filter(({ key }) => key === saga).map(({ state }) => state)
      expect([statesOf(id), statesOf(other)]).toEqual([['unknown', 'parked'], ['unknown']])
      expect(told.map(({ state, key }) => [state, key]).sort()).toEqual([
        ['unknown', id],
        ['unknown', other],
      ])
      end()
      await world.pass(86_400_000)
      await world.stop()
      await world.start()
      await world.until(() => world.ended())
      await world.until(async () => (await world.held('b')).length === 0)
      expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'Noted', 'pay'])
    })

    it('I8: waits again when older code comes back before it was handled', async () => {
      world = await World.create(database, {
        acts: {
          pack() {
            throw new Error('not today')
          },
        },
      })
      const [id = ''] = await world.begin(1)
      await world.start()
      await eventually(async () => (await world.held('b')).length === 1)
      await world.stop()
      await world.start(world.service('b', { knowsTrip: false }))
      await world.until(async () => (await world.held('b'))[0]?.state === 'unknown')
      await world.stop()
      delete world.acts.pack
      await world.start()
      await world.until(() => world.ended())
      expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
    })
  })

  it('row 62: a business event of unknown type is passed over, and told', async () => {
    world = await World.create(database)
    const told: Diagnostics['comptoir:ignored'][] = []
    const end = listen('comptoir:ignored', (message) => told.push(message))
    const [key = ''] = await world.begin(1)
    await world.services.a.transaction(async (unit) => unit.publish({ to: 'b', type: 'Whispered', key, data: { n: 1 } }))
    await world.start()
    await eventually(() => world.ended())
    await eventually(() => told.length > 0)
    end()
    expect(told).toEqual([{ service: 'b', type: 'Whispered', key, source: 'a', data: '{"n":1}' }])
    expect(await world.held('b')).toEqual([])
  })
})
