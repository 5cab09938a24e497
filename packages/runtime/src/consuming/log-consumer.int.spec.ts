import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Diagnostics, listen } from '../diagnostics.ts'
import { takeOver } from '../log/positions.ts'
import type { Database } from '../ports/database.ts'
import { eventually } from '../testing/eventually.ts'
import { faultyDatabase } from '../testing/faulty-database.ts'
import { openWorld, World } from '../testing/world.ts'
import type { Consumer } from './consume.ts'
import { LogConsumer } from './log-consumer.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

const positions = (consumer: string) =>
  database.query<{ source: string; pos: number }>(
    `select source, pos from ${consumer}.position where consumer = $1 order by source`,
    [consumer],
  )

it('other processes are told nothing of what only this one reads', async () => {
  world = await World.create(database)
  await world.start()
  await world.begin(3)
  await eventually(() => world.ended())
  expect(world.told).toEqual([])
})

describe('the transaction of a batch', () => {
  it('F3: moves the position with the effects, and not without them', async () => {
    let broken = true
    const through = (db: Database) => faultyDatabase(db, (moment) => (broken && moment === 'commit' ? '08006' : undefined))
    world = await World.create(database, { through })
    const [consumer] = await startUnbroken()
    await world.begin([7])
    await eventually(() => consumer?.trouble !== null && world.attempts.length > 3)
    expect(await positions('a')).toEqual([
      { source: 'a', pos: 0 },
      { source: 'b', pos: 0 },
    ])
    expect(await world.effects()).toEqual([])
    expect(consumer?.trouble).toContain('(trying again)')
    broken = false
    await eventually(() => world.ended())
    expect(await world.effects()).toHaveLength(4)
    await world.caughtUp()
    expect((await positions('a')).map(({ pos }) => pos > 0)).toEqual([true, true])
    await eventually(() => consumer?.trouble === null)

    async function startUnbroken(): Promise<Consumer[]> {
      broken = false
      const consumers = await world.start()
      broken = true
      return consumers
    }
  })

  it('takes what has arrived, each key once: the next message of a key waits for the next transaction', async () => {
    world = await World.create(database)
    const [one = '', two = '', three = ''] = await world.begin(3)
    await world.note('b', [one, two, one, three, one])
    const batches: number[] = []
    const end = listen('comptoir:batch', ({ messages }) => batches.push(messages))
    await world.start(world.services.b)
    await eventually(async () => (await world.effects()).length === 5)
    // A batch is told when its transaction has been answered.
    await world.stop()
    end()
    expect(batches).toEqual([2, 2, 1])
    const rows = await database.query<{ saga: string }>('select saga from b.effect order by n')
    expect(rows.map(({ saga }) => saga)).toEqual([one, two, one, three, one])
  })

  it('reads every source, each from where it stands', async () => {
    world = await World.create(database)
    const [id = ''] = await world.begin(1)
    await world.note('a', [id])
    await world.services.b.transaction(async (unit) => unit.publish({ to: 'a', type: 'Noted', key: id, data: { n: 2 } }))
    await world.start(world.services.a)
    await eventually(async () => (await world.effects()).length === 3)
    await world.stop()
    await world.note('a', [id])
    await world.start(world.services.a)
    await eventually(async () => (await world.effects()).length === 4)
    expect((await world.effects()).sort()).toEqual(['Noted', 'Noted', 'Noted', 'book'])
  })

  it('tells what was handled: steps by outcome, sagas that began and ended', async () => {
    world = await World.create(database)
    const told: (Diagnostics['comptoir:step'] | Diagnostics['comptoir:saga'])[] = []
    const ends = [listen('comptoir:step', (step) => told.push(step)), listen('comptoir:saga', (saga) => told.push(saga))]
    await world.begin(2)
    await world.start()
    await eventually(() => world.ended())
    await world.stop()
    for (const end of ends) end()
    expect(
      told.map((entry) => ('step' in entry ? [entry.step, entry.outcomes, entry.seconds.length] : [entry.event, entry.count])),
    ).toEqual([
      ['began', 2],
      ['book', { done: 2 }, 2],
      ['pack', { done: 2 }, 2],
      ['pay', { done: 2 }, 2],
      ['completed', 2],
      ['leave', { done: 2 }, 2],
    ])
  })
})

describe('a consumer whose mailbox another has taken over', () => {
  it('F6, F47: stops at its next message, and writes nothing', async () => {
    world = await World.create(database)
    const [zombie] = await world.start(world.services.a)
    await takeOver(database, 'a', 'a', ['a', 'b'])
    await world.begin(3)
    await eventually(() => zombie?.trouble !== null)
    expect(zombie?.trouble).toContain('another instance has taken over consumer a')
    expect(await world.effects()).toEqual([])
    expect(await positions('a')).toMatchObject([{ pos: 0 }, { pos: 0 }])
  })

  it('F47: leaves what it held to the other', async () => {
    world = await World.create(database, {
      acts: {
        book() {
          throw new Error('not today')
        },
      },
    })
    await world.begin(1)
    const [zombie] = await world.start(world.services.a)
    await eventually(async () => (await world.held('a')).length === 1)
    await takeOver(database, 'a', 'a', ['a', 'b'])
    delete world.acts.book
    await world.until(() => zombie?.trouble !== null)
    expect(await world.held('a')).toMatchObject([{ state: 'retry', attempts: 1 }])
    expect(await world.effects()).toEqual([])
  })

  it('F47: does not finish the attempt at a held message that it began before', async () => {
    // In between: when the start of the attempt is committed, and the attempt has not begun.
    const begun = async () => (await database.query('select from a.held_message where attempts = 2')).length > 0
    const through = (db: Database): Database => ({
      query: (text, values) => db.query(text, values),
      async transaction(work) {
        const result = await db.transaction(work)
        if (await begun()) await takeOver(database, 'a', 'a', ['a', 'b'])
        return result
      },
      script: (text) => db.script(text),
      close: () => db.close(),
    })
    world = await World.create(database, {
      acts: {
        book() {
          throw new Error('not today')
        },
      },
      through,
    })
    await world.begin(1)
    const [zombie] = await world.start(world.services.a)
    await eventually(async () => (await world.held('a')).length === 1)
    delete world.acts.book
    await world.until(() => zombie?.trouble !== null)
    expect(await world.held('a')).toMatchObject([{ state: 'retry', attempts: 2 }])
    expect(await world.effects()).toEqual([])
  })

  it('goes on under the new one, with nothing lost and nothing twice', async () => {
    world = await World.create(database)
    const ids = await world.begin(40)
    await world.start()
    const second = new LogConsumer(world.services.a, ['a', 'b'])
    await second.start()
    await eventually(() => world.ended())
    await second.stop()
    for (const id of ids) expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
  })
})

it('F5: a stop leaves its position clean; without one, the next start is careful', async () => {
  world = await World.create(database)
  const clean = () => database.query('select distinct clean from a.position')
  await world.start(world.services.a)
  expect(await clean()).toEqual([{ clean: false }])
  await world.stop()
  expect(await clean()).toEqual([{ clean: true }])
})
