import { done, failed } from '@comptoir/saga'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Entry } from '../home/entry.ts'
import type { Database } from '../ports/database.ts'
import { eventually } from '../testing/eventually.ts'
import { trip } from '../testing/trip.ts'
import { beginTwo, codeOf, tripTwo } from '../testing/trip-two.ts'
import { eachWay, openWorld, useWay, World } from '../testing/world.ts'
import { unknownMessages } from './unknown-messages.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

const one = ['book', 'leave', 'pack', 'pay']
const two = ['book', 'leave', 'insure', 'pack', 'pay']

/** What each saga left, and the declaration that all its messages carried. */
async function history(ids: readonly string[]): Promise<[effects: string[], declarations: string[]][]> {
  const mail = [...(await world.mail('a')), ...(await world.mail('b'))]
  return Promise.all(
    ids.map(async (id) => [
      await world.effects(id),
      [...new Set(mail.filter(({ key }) => key === id).map(({ definition }) => definition ?? 'none'))],
    ]),
  )
}
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

eachWay(() => {
  describe('F26: two versions of a saga in one process', () => {
    it('end each on the version that they began with, by the same handlers', async () => {
      world = await World.create(database)
      const code = [codeOf(world, 'a', [2, 1]), codeOf(world, 'b', [1, 2])] as const
      const old = await world.begin(3)
      const young = await beginTwo(code[0], 3, 4)
      await world.start(...code)
      await world.until(() => world.ended())
      expect(await history(old)).toEqual(times(3, [one, [trip.id]]))
      expect(await history(young)).toEqual(times(3, [two, [tripTwo.id]]))
    })

    it('turn back each by its own steps', async () => {
      world = await World.create(database, { acts: { pay: () => failed('no') } })
      const code = [codeOf(world, 'a', [1, 2]), codeOf(world, 'b', [1, 2])] as const
      const old = await world.begin(2)
      const young = await beginTwo(code[0], 2, 3)
      await world.start(...code)
      await world.until(() => world.ended())
      expect(await history(old)).toEqual(times(2, [['book', 'unbook', 'pack', 'unpack'], [trip.id]]))
      expect(await history(young)).toEqual(times(2, [['book', 'unbook', 'insure', 'pack', 'unpack', 'uninsure'], [tripTwo.id]]))
      const rows = await database.query('select distinct definition, outcome from a.saga order by definition')
      expect(rows).toEqual([trip.id, tripTwo.id].map((definition) => ({ definition, outcome: 'cancelled' })))
    })

    it('are the older where it is under way, and the newest where one begins', async () => {
      let ready = false
      world = await World.create(database, { acts: { pay: () => (ready ? done({}) : fail()) } })
      const fail = (): never => {
        throw new Error('not yet')
      }
      const old = await world.begin(2)
      await world.start(codeOf(world, 'a', [1]), codeOf(world, 'b', [1]))
      await eventually(async () => (await world.effects()).filter((name) => name === 'pack').length === 2)
      await world.stop()
      ready = true
      const code = [codeOf(world, 'a', [1, 2]), codeOf(world, 'b', [1, 2])] as const
      const begun = await new Entry(code[0], tripTwo, ({ seat }: { seat: number }) => String(seat)).begin({ n: 7 })
      await world.start(...code)
      await world.until(() => world.ended())
      expect(await history(old)).toEqual(times(2, [one, [trip.id]]))
      if (begun.kind !== 'begun') throw new Error(`it was ${begun.kind}`)
      expect(await history([begun.saga])).toEqual([[two, [tripTwo.id]]])
    })
  })

  it('F26, F39: what older code held while it had the mailbox goes on at newer code: nothing is lost, all end', async () => {
    world = await World.create(database)
    const home = codeOf(world, 'a', [1, 2])
    const old = await world.begin(3)
    const young = await beginTwo(home, 3, 4)
    await world.start(home, codeOf(world, 'b', [1]))
    await eventually(async () => (await world.held('b')).length === 3)
    expect(await world.held('b')).toEqual(times(3, expect.objectContaining({ type: 'Booked', state: 'unknown' })))
    await world.until(async () => (await world.effects()).filter((name) => name === 'leave').length === 3)
    await world.stop()
    await world.start(home, codeOf(world, 'b', [1, 2]))
    await world.until(() => world.ended())
    await world.until(async () => (await world.held('b')).length === 0)
    expect(await history([...old, ...young])).toEqual([...times(3, [one, [trip.id]]), ...times(3, [two, [tripTwo.id]])])
  })
})

describe('F26, F39: instances with and without version 2 that share a mailbox', () => {
  beforeAll(() => useWay('broker'))

  it('lose nothing: what the older one holds of version 2 the newer one handles, while both go on', async () => {
    world = await World.create(database)
    const home = codeOf(world, 'a', [1, 2])
    const young = await beginTwo(home, 6)
    await world.start(home, codeOf(world, 'b', [1]))
    await eventually(async () => (await world.held('b')).length === 6)
    const newer = codeOf(world, 'b', [1, 2])
    const releases = unknownMessages(newer)
    await world.start(newer)
    releases.start()
    onTestFinished(() => releases.stop())
    await eventually(() => world.broker.members('b') === 2)
    // Half of the keys are the older one's, whenever the newer one looks for what is held.
    const old = await world.begin(20)
    young.push(...(await beginTwo(home, 20, 7)))
    await world.until(() => world.ended())
    await world.until(async () => (await world.held('b')).length === 0)
    expect(await history(old)).toEqual(times(20, [one, [trip.id]]))
    expect(await history(young)).toEqual(times(26, [two, [tripTwo.id]]))
  })
})
