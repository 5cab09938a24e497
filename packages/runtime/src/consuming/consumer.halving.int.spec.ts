import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../ports/database.ts'
import { eventually } from '../testing/eventually.ts'
import { eachWay, openWorld, World } from '../testing/world.ts'
import type { Consumer } from './consume.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

const count = 64
/** Different words: what fails alike is taken for an outage. */
const words = ['rain', 'snow', 'hail', 'wind', 'fog']

/** Brings 64 booked trips before service b in one batch, of which these numbers throw there. */
async function batchWith(culprits: readonly number[]): Promise<{ readonly ids: readonly string[]; readonly consumer: Consumer }> {
  world = await World.create(database, {
    acts: {
      pack({ n }) {
        const word = words[culprits.indexOf(n)]
        if (word !== undefined) throw new Error(`no packing in ${word}`)
        return undefined
      },
    },
  })
  const ids = await world.begin(count)
  await world.start(world.services.a)
  await eventually(async () => (await world.mail('b')).length === count)
  const [consumer] = await world.start(world.services.b)
  if (!consumer) throw new Error('nothing was started')
  return { ids, consumer }
}

eachWay(() => {
  describe('F12: a batch with culprits', () => {
    it.each([[[17]], [[1, 64]], [[7, 8, 50]], [[60, 61, 62, 63, 64]]])(
      'number %j: the others commit, each culprit is held, the mailbox goes on',
      async (culprits) => {
        const { ids, consumer } = await batchWith(culprits)
        await eventually(
          async () => (await database.query('select from a.saga where ended_at is not null')).length === count - culprits.length,
        )
        expect(world.attempts.find(({ step }) => step === 'pack')?.sagas).toHaveLength(count)
        const packing = world.attempts.filter(({ step }) => step === 'pack').length
        // Each culprit costs at most two attempts for every halving of 64, beyond the batch itself.
        expect(packing).toBeLessThanOrEqual(1 + culprits.length * 12)
        // Ids sort as they were made.
        const held = (await world.held('b')).map(({ key, state, attempts }) => [key, state, attempts]).sort()
        expect(held).toEqual(culprits.map((n) => [ids[n - 1], 'retry', 1]))
        for (const [index, id] of ids.entries())
          expect(await world.effects(id)).toEqual(culprits.includes(index + 1) ? ['book'] : ['book', 'leave', 'pack', 'pay'])
        expect(consumer.trouble).toBe(null)
      },
    )
  })

  it('row 60: garbage in a body is held like any other culprit, and ends as a dead letter', async () => {
    world = await World.create(database)
    const [good = '', bad = ''] = await world.begin(2)
    await database.query(`update a.log set body = '{"input":' where key = $1`, [bad])
    await world.start()
    await eventually(async () => (await world.effects(good)).length === 4)
    expect(await world.held('a')).toMatchObject([{ key: bad, state: 'retry' }])
    await world.until(() => world.ended())
    expect(await world.held('a')).toMatchObject([{ key: bad, state: 'dead', settled: true }])
    expect(await database.query('select outcome, reason from a.saga order by subject')).toEqual([
      { outcome: 'completed', reason: null },
      { outcome: 'cancelled', reason: 'error' },
    ])
  })
})
