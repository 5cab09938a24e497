import { failed } from '@comptoir/saga'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '../diagnostics.ts'
import type { Database } from '../ports/database.ts'
import { eventually } from '../testing/eventually.ts'
import { faultyDatabase, type Moment } from '../testing/faulty-database.ts'
import { openWorld, World } from '../testing/world.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

/** Whether one of the trips meets a handler that throws until its message is held, with an event of that trip behind it. */
type Poison = 'poison' | 'healthy'

/** Runs three trips, one of which turns back, while the n-th such moment fails once. Answers whether there was an n-th. */
async function tripsWithFault(moment: Moment, code: string, nth: number, poison: Poison): Promise<boolean> {
  let met = 0
  let armed = false
  let poisonous = poison === 'poison'
  world = await World.create(database, {
    acts: {
      pay: ({ n }) => (n === 2 ? failed('no') : undefined),
      pack({ n }) {
        if (poisonous && n === 3) throw new Error('not before it was held')
        return undefined
      },
    },
    through: (db) =>
      faultyDatabase(db, (now) => {
        if (!armed || now !== moment) return undefined
        met += 1
        return met === nth ? code : undefined
      }),
  })
  await world.start()
  armed = true
  const end = listen('comptoir:held', () => {
    poisonous = false
  })
  const [one, two, three = ''] = await world.begin(3)
  if (poison === 'poison') {
    await eventually(() => !poisonous)
    await world.note('b', [three])
  }
  await world.until(() => world.ended())
  // What is released last is released after the end.
  await world.until(async () => (await database.query('select from b.held_key')).length === 0)
  await world.stop()
  end()
  expect(await world.effects(one)).toEqual(['book', 'leave', 'pack', 'pay'])
  expect(await world.effects(two)).toEqual(['book', 'unbook', 'pack', 'unpack'])
  const noted = poison === 'poison' ? ['Noted'] : []
  expect((await world.effects(three)).sort()).toEqual([...noted, 'book', 'leave', 'pack', 'pay'])
  expect([...(await world.held('a')), ...(await world.held('b'))]).toEqual([])
  return met >= nth
}

async function everywhere(moment: Moment, code: string, poison: Poison = 'healthy'): Promise<number> {
  for (let nth = 1; ; nth++) if (!(await tripsWithFault(moment, code, nth, poison))) return nth - 1
}

describe('a transient failure loses nothing and does nothing twice', () => {
  it.each([
    ['F22: a deadlock', '40P01'],
    ['F21: a lost connection', '08006'],
    ['F23: a server that stops', '57P01'],
  ])('%s at any statement counts no attempt', async (_, code) => {
    const held: string[] = []
    const end = listen('comptoir:held', ({ type }) => held.push(type))
    const statements = await everywhere('statement', code)
    end()
    expect(statements).toBeGreaterThan(20)
    expect(held).toEqual([])
  })

  it('F22: at any commit', async () => {
    expect(await everywhere('commit', '40001')).toBeGreaterThan(5)
  })

  it('F21: at any commit whose answer is lost', async () => {
    expect(await everywhere('answer', '08006')).toBeGreaterThan(5)
  })

  it('F21, F13: also while a message is held, tried again and released', async () => {
    expect(await everywhere('statement', '08006', 'poison')).toBeGreaterThan(25)
    expect(await everywhere('answer', '08006', 'poison')).toBeGreaterThan(8)
  })
})
