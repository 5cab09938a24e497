import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { takeOver } from '../log/positions.ts'
import { type Database, DatabaseError } from '../ports/database.ts'
import { eventually } from '../testing/eventually.ts'
import type { Acts } from '../testing/trip.ts'
import { openWorld, World } from '../testing/world.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

const count = 5

/** Five booked trips before service b, whose process has died: it held the mailbox and did not say that it stopped. */
async function afterACrash(acts: Acts = {}): Promise<readonly string[]> {
  world = await World.create(database, { acts })
  const ids = await world.begin(count)
  await world.start(world.services.a)
  await eventually(async () => (await world.mail('b')).length === count)
  await takeOver(database, 'b', 'b', ['a', 'b'])
  return ids
}

/** The earlier processes started this message so often. */
async function startedBefore(id: string, starts: number): Promise<void> {
  const message = (await world.mail('b')).find(({ key }) => key === id)
  if (!message) throw new Error('no such message')
  const { source, epoch, txid, pos } = message
  await database.query('insert into b.started (id, starts) values ($1, $2)', [`${source}/${epoch}/${txid}/${pos}`, starts])
}

const packing = () => world.attempts.filter(({ step }) => step === 'pack').map(({ sagas }) => sagas.length)
const started = () => database.query('select starts from b.started')

describe('F8: after an unclean stop', () => {
  it('what was in hand is handled one message at a time; then batches are batches again', async () => {
    await afterACrash()
    await world.start(world.services.b)
    await eventually(() => world.ended())
    expect(packing()).toEqual([1, 1, 1, 1, 1])
    expect(await started()).toEqual([])
    await world.begin(3)
    await eventually(() => world.ended())
    expect(packing().slice(count)).toEqual([3])
    await world.stop()
    expect(await database.query('select distinct clean from b.position')).toEqual([{ clean: true }])
  })

  it('a message over which the process died three times is not started again: a dead letter, and the saga turns back', async () => {
    const ids = await afterACrash()
    const [killer = ''] = ids
    await startedBefore(killer, 3)
    await world.start(world.services.b)
    await eventually(() => world.ended())
    expect(packing()).toEqual([1, 1, 1, 1])
    expect(await world.held('b')).toMatchObject([{ key: killer, state: 'dead', settled: true }])
    expect((await world.held('b'))[0]?.error).toContain('the process died 3 times over this message')
    expect(await world.effects(killer)).toEqual(['book', 'unbook'])
    for (const id of ids.slice(1)) expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
    await eventually(async () => (await database.query('select from b.held_key')).length === 0)
    await world.stop()
    expect(await database.query('select distinct clean from b.position')).toEqual([{ clean: true }])
  })

  it('a message that was started twice has its third chance', async () => {
    const [id = ''] = await afterACrash()
    await startedBefore(id, 2)
    await world.start(world.services.b)
    await eventually(() => world.ended())
    expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
    expect(await started()).toEqual([])
  })

  it('a message that this process tries again for an outage is not taken for one that kills it', async () => {
    let failures = 0
    let isDown = true
    const ids = await afterACrash({
      pack() {
        failures += 1
        if (isDown) throw new DatabaseError('made to fail', '08006')
        return undefined
      },
    })
    await world.start(world.services.b)
    await eventually(() => failures > 5)
    expect(await started()).toEqual([{ starts: 1 }])
    isDown = false
    await eventually(() => world.ended())
    for (const id of ids) expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
    expect(await world.held('b')).toEqual([])
  })

  it('a message that throws is held as ever, and its start is forgotten', async () => {
    const [id = ''] = await afterACrash({
      pack({ n }) {
        if (n === 1) throw new Error('not today')
        return undefined
      },
    })
    await world.start(world.services.b)
    await eventually(async () => (await database.query('select from a.saga where ended_at is not null')).length === count - 1)
    expect(await world.held('b')).toMatchObject([{ key: id, state: 'retry', attempts: 1 }])
    expect(await started()).toEqual([])
  })
})
