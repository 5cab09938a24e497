import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DueWork } from '../due-work.ts'
import type { Database } from '../ports/database.ts'
import { eventually, turns } from '../testing/eventually.ts'
import { eachWay, openWorld, World } from '../testing/world.ts'
import { homeDeadlines, settle } from './deadlines.ts'

let database: Database
let world: World
const running: DueWork[] = []
beforeAll(async () => {
  database = await openWorld()
})
afterEach(async () => {
  for (const deadlines of running.splice(0)) await deadlines.stop()
  await world.stop()
})
afterAll(() => database.close())

const minutes = 60_000
const sent = async (mailbox: string) => (await world.mail(mailbox)).map(({ type }) => type)

/** Every instance looks after deadlines. */
function watch(instances = 1): void {
  for (let instance = 0; instance < instances; instance++) {
    const deadlines = homeDeadlines(world.services.a)
    running.push(deadlines)
    deadlines.start()
  }
}

describe('a wish to cancel a saga', () => {
  it('is passed on as far as it has come, and refuses the next step for its reason', async () => {
    world = await World.create(database)
    await world.start(world.services.a)
    const [id = ''] = await world.begin([7])
    await eventually(async () => (await sent('b')).length === 1)
    expect(await settle(world.services.a, id, 'cancelled')).toBe(true)
    await eventually(async () => (await sent('b.control')).includes('settle:pack'))
    const [[booked], [settling]] = [await world.mail('b'), await world.mail('b.control')]
    // It overtakes what waits.
    await world.deliver('b', settling ? [settling] : [])
    await world.deliver('b', booked ? [booked] : [])
    await eventually(() => world.ended())
    expect(await world.effects()).toEqual(['book', 'unbook'])
    expect(await database.query('select outcome, cause_step, reason from a.saga')).toEqual([
      { outcome: 'cancelled', cause_step: 'pack', reason: 'cancelled' },
    ])
    expect(await settle(world.services.a, id, 'cancelled')).toBe(false)
  })
})

eachWay(() => {
  describe('a saga past its deadline', () => {
    it('F17: whose message was lost is refused where it was lost, and turns back', async () => {
      world = await World.create(database)
      await world.start(world.services.a)
      watch()
      await world.begin([7])
      await world.lose('b')
      await world.start(world.services.b)
      await world.pass(9 * minutes)
      await eventually(turns(20))
      expect(await world.ended()).toBe(false)
      await world.pass(2 * minutes)
      await eventually(() => world.ended())
      expect(await database.query('select outcome, cause_step, reason from a.saga')).toEqual([
        { outcome: 'cancelled', cause_step: 'pack', reason: 'refused' },
      ])
      expect(await world.effects()).toEqual(['book', 'unbook'])
      expect(await database.query('select from a.saga_open')).toEqual([])
    })

    it('whose message waited is settled before that is handled, and turns back', async () => {
      world = await World.create(database)
      await world.start(world.services.a)
      watch()
      await world.begin([7])
      await eventually(async () => (await sent('b')).length === 1)
      await world.pass(11 * minutes)
      await eventually(async () => (await sent('b.control')).includes('settle:pack'))
      await world.start(world.services.b)
      await eventually(() => world.ended())
      expect(await world.effects()).toEqual(['book', 'unbook'])
      expect(await database.query('select outcome, cause_step, reason from a.saga')).toEqual([
        { outcome: 'cancelled', cause_step: 'pack', reason: 'refused' },
      ])
    })
  })
})

it('F47: many deadlines are a few transactions, and two instances settle no saga twice', async () => {
  world = await World.create(database)
  await world.begin(1_200)
  watch(2)
  await world.pass(11 * minutes)
  await eventually(async () => (await sent('a.control')).filter((type) => type === 'settle:book').length >= 1_200)
  await eventually(turns(20))
  expect((await sent('a.control')).filter((type) => type === 'settle:book')).toHaveLength(1_200)
})

it('a saga that has ended leaves no deadline', async () => {
  world = await World.create(database)
  await world.start()
  await world.begin(3)
  await world.until(() => world.ended())
  watch()
  await world.pass(11 * minutes)
  await eventually(turns(20))
  expect((await sent('a.control')).filter((type) => type.startsWith('settle'))).toEqual([])
})
