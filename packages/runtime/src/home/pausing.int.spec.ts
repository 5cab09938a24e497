import { failed } from '@comptoir/saga'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../ports/database.ts'
import { eventually, turns } from '../testing/eventually.ts'
import { type Acts, trip } from '../testing/trip.ts'
import { eachWay, openWorld, useWay, World } from '../testing/world.ts'
import { settle } from './deadlines.ts'
import type { OperatorAct } from './operator-acts.ts'
import { pauseAt, pauseSaga, resumeSaga } from './pausing.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

const throws = () => {
  throw new Error('not today')
}
const act = (saga: string, name: OperatorAct['act']): OperatorAct => ({ saga, act: name, reason: 'a test', by: 'Ada' })
const tried = (name: string) => world.attempts.filter(({ step }) => step === name).length
/** What waits at either service, and the keys that do. */
const waiting = async () => {
  const rows = await database.query(
    `select key from a.held_key union all select key from b.held_key union all select key from a.held_message union all select key from b.held_message`,
  )
  return rows.length
}

/** Pauses it, and, at once, wherever it may go on. */
async function pause(saga: string): Promise<void> {
  const fate = await pauseSaga(world.services.a, act(saga, 'pause'))
  if (fate.kind !== 'done') throw new Error(`not paused: ${fate.kind}`)
  for (const service of Object.values(world.services)) await pauseAt(service, saga, trip.id, fate.act)
}
const resume = (saga: string) => resumeSaga(world.services.a, act(saga, 'resume'))
/** Time passes, and everybody looks again. */
async function later(): Promise<void> {
  for (let second = 0; second < 60; second += 1) {
    await world.pass(1_000)
    await eventually(turns(2))
  }
}

/** A trip that is at a service where its step throws. */
async function at(service: 'a' | 'b', acts: Acts): Promise<string> {
  world = await World.create(database, { acts })
  const [id = ''] = await world.begin([7])
  await world.start()
  await eventually(async () => (await world.held(service)).length === 1)
  return id
}

eachWay(() => {
  describe('a saga that is paused', () => {
    it('begins no step, though its message came first; resumed, it goes on to its end', async () => {
      world = await World.create(database)
      const [id = ''] = await world.begin([7])
      await world.start(world.services.a)
      await eventually(async () => (await world.effects(id)).length === 1)
      // The message of its next step lies in the mailbox before the one that says it is paused.
      await pause(id)
      await world.start(world.services.b)
      await eventually(async () => (await world.held('b')).length === 2)
      await later()
      expect(await world.effects(id)).toEqual(['book'])
      expect((await world.held('b')).map(({ type, state }) => [type, state])).toEqual([
        ['SagaPaused', 'paused'],
        ['Booked', 'parked'],
      ])
      expect(await resume(id)).toMatchObject({ kind: 'done' })
      await world.until(() => world.ended())
      await world.until(async () => (await waiting()) === 0)
      expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
    })

    it('does not hold back other sagas', async () => {
      const id = await at('b', { pack: ({ n }) => (n === 7 ? throws() : undefined) })
      await pause(id)
      const [other = ''] = await world.begin([8])
      await world.until(async () => (await world.effects(other)).length === 4)
      expect(await world.effects(id)).toEqual(['book'])
    })

    it('does not try again a step that failed, and does when it is resumed', async () => {
      const id = await at('b', { pack: throws })
      await pause(id)
      delete world.acts.pack
      const before = tried('pack')
      await later()
      expect([tried('pack'), await world.effects(id)]).toEqual([before, ['book']])
      await resume(id)
      await world.until(() => world.ended())
      expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
    })

    it('is paused by the message alone, at services that nobody else can tell', async () => {
      const id = await at('b', { pack: throws })
      await pauseSaga(world.services.a, act(id, 'pause'))
      await eventually(async () => (await world.held('b')).some(({ state }) => state === 'paused'))
      delete world.acts.pack
      const before = tried('pack')
      await later()
      expect(tried('pack')).toBe(before)
      await resume(id)
      await world.until(() => world.ended())
    })

    it('is paused before any message of it comes, where an operator can tell the service itself', async () => {
      world = await World.create(database)
      await world.start(world.services.b)
      const [id = ''] = await world.begin([7])
      await pauseAt(world.services.b, id, trip.id, 1_000)
      await world.start(world.services.a)
      await eventually(async () => (await world.held('b')).length === 2)
      await later()
      expect(await world.effects(id)).toEqual(['book'])
      await world.send('b', 'SagaPaused', id, { act: 1_000 })
      await world.send('b', 'SagaResumed', id, { act: 1_001 })
      await world.until(() => world.ended())
      expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
    })

    it('F3: is so after a restart; what is parked goes on in its order after the next one', async () => {
      const seen: number[] = []
      const id = await at('b', {
        pack: throws,
        Noted({ n }) {
          seen.push(n)
          return undefined
        },
      })
      await pause(id)
      await world.note('b', [id, id])
      await eventually(async () => (await world.held('b')).length === 4)
      await world.stop()
      delete world.acts.pack
      await world.start()
      await later()
      expect([await world.effects(id), seen]).toEqual([['book'], []])
      await resume(id)
      await world.stop()
      await world.start()
      await world.until(() => world.ended())
      await world.until(async () => (await waiting()) === 0)
      expect(seen).toEqual([1, 2])
    })

    it('can be paused again, and an earlier message about it that comes once more changes nothing', async () => {
      const id = await at('b', { pack: throws })
      const first = await pauseSaga(world.services.a, act(id, 'pause'))
      await eventually(async () => (await world.held('b')).some(({ state }) => state === 'paused'))
      const second = await resume(id)
      await eventually(async () => (await world.held('b')).every(({ state }) => state !== 'paused'))
      await pause(id)
      if (first.kind !== 'done' || second.kind !== 'done') throw new Error('not done')
      await world.send('b', 'SagaResumed', id, { act: second.act })
      delete world.acts.pack
      await later()
      expect(await world.effects(id)).toEqual(['book'])
      await resume(id)
      await world.send('b', 'SagaPaused', id, { act: first.act })
      await world.until(() => world.ended())
      expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
    })

    it('turns back all the same when it is settled, and leaves nothing that waits', async () => {
      const id = await at('b', { pack: throws })
      await pause(id)
      await settle(world.services.a, id, 'cancelled', act(id, 'cancel'))
      await world.until(() => world.ended())
      await world.until(async () => (await waiting()) === 0)
      delete world.acts.pack
      await later()
      expect(await world.effects(id)).toEqual(['book', 'unbook'])
      expect(await database.query('select act, reason, acted_by from a.operator_act where saga = $1 order by id', [id])).toEqual([
        { act: 'pause', reason: 'a test', acted_by: 'Ada' },
        { act: 'cancel', reason: 'a test', acted_by: 'Ada' },
      ])
    })

    it('undoes what it owes: an undo that failed is tried again', async () => {
      const id = await at('b', { pay: () => failed('no'), unpack: throws })
      await pause(id)
      delete world.acts.unpack
      await world.until(() => world.ended())
      await world.until(async () => (await waiting()) === 0)
      expect(await world.effects(id)).toEqual(['book', 'unbook', 'pack', 'unpack'])
    })

    it('F46: with a dead letter stays as it is, and a replay waits for the end of the pause', async () => {
      const id = await at('a', { leave: throws })
      await world.until(async () => (await world.held('a'))[0]?.state === 'dead')
      await pause(id)
      delete world.acts.leave
      await database.query(
        `insert into a.replay_request (held_message, requested_by) select id, 'Ada' from a.held_message where state = 'dead'`,
      )
      await later()
      expect(await world.ended()).toBe(false)
      await resume(id)
      await world.until(() => world.ended())
    })
  })

  it('pausing twice, resuming what runs, and both of what has ended are no acts', async () => {
    const id = await at('b', { pack: throws })
    expect(await resume(id)).toEqual({ kind: 'same' })
    await pause(id)
    expect(await pauseSaga(world.services.a, act(id, 'pause'))).toEqual({ kind: 'same' })
    await resume(id)
    delete world.acts.pack
    await world.until(() => world.ended())
    expect(await pauseSaga(world.services.a, act(id, 'pause'))).toEqual({ kind: 'ended' })
    expect(await resume(id)).toEqual({ kind: 'ended' })
    expect((await database.query('select from a.operator_act where saga = $1', [id])).length).toBe(2)
  })

  it('F47: a hundred sagas paused at work: none loses a step, none does one twice', async () => {
    world = await World.create(database)
    await world.start()
    const ids = await world.begin(100)
    const fates = await Promise.all(ids.map((id) => pauseSaga(world.services.a, act(id, 'pause'))))
    await world.stop()
    await world.start()
    await later()
    const paused = ids.filter((_, index) => fates[index]?.kind === 'done')
    for (const id of paused) await resume(id)
    await world.until(() => world.ended())
    await world.until(async () => (await waiting()) === 0)
    for (const id of ids) expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
  })
})

describe('several instances of a service', () => {
  beforeAll(() => useWay('broker'))

  it('are all told, whichever of them has the key', async () => {
    world = await World.create(database)
    await world.start(world.services.a, world.services.b, world.service('b'), world.service('a'))
    const ids = await world.begin(40)
    const fates = await Promise.all(ids.map((id) => pauseSaga(world.services.a, act(id, 'pause'))))
    const paused = ids.filter((_, index) => fates[index]?.kind === 'done')
    await later()
    const stood = await Promise.all(paused.map((id) => world.effects(id)))
    expect(stood.filter((effects) => effects.length < 4).length).toBeGreaterThan(0)
    await later()
    expect(await Promise.all(paused.map((id) => world.effects(id)))).toEqual(stood)
    for (const id of paused) await resume(id)
    await world.until(() => world.ended())
    await world.until(async () => (await waiting()) === 0)
    for (const id of ids) expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
  })
})
