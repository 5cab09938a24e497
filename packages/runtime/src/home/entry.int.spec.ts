import { defineSaga, done, failed, message } from '@comptoir/saga'
import { Type } from 'typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { participant } from '../participant.ts'
import type { Database } from '../ports/database.ts'
import { Service } from '../service.ts'
import { eventually } from '../testing/eventually.ts'
import { faultyDatabase, type Moment } from '../testing/faulty-database.ts'
import { type Acts, trip } from '../testing/trip.ts'
import { openWorld, World } from '../testing/world.ts'
import { Entry } from './entry.ts'

let database: Database
beforeAll(async () => {
  database = await openWorld()
})
afterAll(() => database.close())

interface Seat {
  readonly seat: number
}

async function open(acts: Acts = {}, fails: (moment: Moment) => string | undefined = () => undefined) {
  const world = await World.create(database, { acts, through: (db) => faultyDatabase(db, fails) })
  return { world, entry: new Entry(world.services.a, trip, ({ seat }: Seat) => String(seat)) }
}

const keyed = (key: string, fingerprint = 'same') => ({ scope: 'ada', key, fingerprint })
const rows = async (table: string) => (await database.query(`select from a.${table}`)).length

describe('a group commit', () => {
  it('begins many sagas in few transactions, each with its row, its step and its message', async () => {
    let commits = 0
    const { world, entry } = await open({}, (moment) => {
      if (moment === 'commit') commits += 1
      return undefined
    })
    const entrances = await Promise.all(Array.from({ length: 100 }, (_, n) => entry.begin({ n })))
    expect(entrances.map((entrance) => entrance.kind === 'begun' && entrance.result.seat)).toEqual(
      Array.from({ length: 100 }, (_, n) => 100 + n),
    )
    expect(commits).toBeLessThanOrEqual(2)
    expect([await rows('saga'), await rows('inbox'), (await world.mail('b')).length]).toEqual([100, 100, 100])
    await world.start()
    await eventually(() => world.ended())
    await world.stop()
    expect(await world.effects()).toHaveLength(400)
    expect(await database.query('select distinct outcome from a.saga')).toEqual([{ outcome: 'completed' }])
  })

  it('I16: a refused request is answered with nothing written, while the others of its group commit', async () => {
    const { entry } = await open({ book: ({ n }) => (n === 2 ? failed('no', 'line 1') : undefined) })
    const entrances = await Promise.all([1, 2, 3].map((n) => entry.begin({ n }, keyed(`k${n}`))))
    expect(entrances).toMatchObject([{ kind: 'begun' }, { kind: 'refused', reason: 'no', detail: 'line 1' }, { kind: 'begun' }])
    expect([await rows('saga'), await rows('inbox'), await rows('idempotency_key'), await rows('effect')]).toEqual([2, 2, 2, 2])
  })

  it('I16: a request whose handler raises fails alone, and leaves no key', async () => {
    const acts: Acts = {
      book({ n }) {
        if (n === 2) throw new Error('not today')
        return undefined
      },
    }
    const { world, entry } = await open(acts)
    const settled = await Promise.allSettled([1, 2, 3].map((n) => entry.begin({ n }, keyed(`k${n}`))))
    expect(settled).toMatchObject([
      { status: 'fulfilled', value: { kind: 'begun' } },
      { status: 'rejected', reason: { message: 'not today' } },
      { status: 'fulfilled', value: { kind: 'begun' } },
    ])
    expect(await rows('saga')).toBe(2)
    delete world.acts.book
    expect(await entry.begin({ n: 2 }, keyed('k2'))).toMatchObject({ kind: 'begun' })
  })
})

describe('an idempotency key', () => {
  it('F43, I14: twice at once: one begins, the other is told that it is open; later it is the same saga', async () => {
    const { entry } = await open()
    const [first, ...others] = await Promise.all(Array.from({ length: 8 }, () => entry.begin({ n: 1 }, keyed('k'))))
    expect(first).toMatchObject({ kind: 'begun', result: { seat: 101 } })
    expect(others).toEqual(Array(7).fill({ kind: 'open' }))
    const saga = first?.kind === 'begun' ? first.saga : ''
    expect(await entry.begin({ n: 1 }, keyed('k'))).toEqual({ kind: 'replayed', saga, result: { seat: 101 } })
    expect(await rows('saga')).toBe(1)
  })

  it('I14: with another request is a mismatch; in another scope, another key', async () => {
    const { entry } = await open()
    await entry.begin({ n: 1 }, keyed('k'))
    expect(await entry.begin({ n: 2 }, keyed('k', 'other'))).toEqual({ kind: 'mismatch' })
    expect(await entry.begin({ n: 2 }, { ...keyed('k'), scope: 'alan' })).toMatchObject({ kind: 'begun' })
    expect(await rows('saga')).toBe(2)
  })

  it('F43: at two instances at once begins one saga', async () => {
    const { world, entry } = await open()
    const other = new Entry(world.services.a, trip, ({ seat }: Seat) => String(seat))
    const entrances = await Promise.all([entry, other].map((one) => one.begin({ n: 1 }, keyed('k'))))
    expect(entrances.map(({ kind }) => kind).sort()).toEqual(['begun', 'replayed'])
    expect(new Set(entrances.map((entrance) => 'saga' in entrance && entrance.saga)).size).toBe(1)
  })

  it('of a refused request is free: the same key may begin later', async () => {
    const { world, entry } = await open({ book: () => failed('no') })
    expect(await entry.begin({ n: 1 }, keyed('k'))).toMatchObject({ kind: 'refused' })
    expect(await rows('idempotency_key')).toBe(0)
    delete world.acts.book
    expect(await entry.begin({ n: 1 }, keyed('k'))).toMatchObject({ kind: 'begun' })
  })
})

describe('F21: a commit whose answer is lost', () => {
  const lostOnce = () => {
    let lost = false
    return (moment: Moment) => {
      if (moment !== 'answer' || lost) return undefined
      lost = true
      return '08006'
    }
  }

  it('I16: in a group: each request of a key learns its saga', async () => {
    const { entry } = await open({}, lostOnce())
    const entrances = await Promise.all([1, 2].map((n) => entry.begin({ n }, keyed(`k${n}`))))
    expect(entrances).toMatchObject([
      { kind: 'replayed', result: { seat: 101 } },
      { kind: 'replayed', result: { seat: 102 } },
    ])
    expect([await rows('saga'), await rows('effect')]).toEqual([2, 2])
  })

  it('I16: alone: an error, one whole effect, and the key finds it', async () => {
    const { entry } = await open({}, lostOnce())
    await expect(entry.begin({ n: 1 }, keyed('k'))).rejects.toMatchObject({ code: '08006' })
    expect(await entry.begin({ n: 1 }, keyed('k'))).toMatchObject({ kind: 'replayed', result: { seat: 101 } })
    expect([await rows('saga'), await rows('effect')]).toEqual([1, 1])
  })

  it('I16: in a group without keys: an error each, and nothing twice', async () => {
    const { entry } = await open({}, lostOnce())
    const settled = await Promise.allSettled([1, 2].map((n) => entry.begin({ n })))
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect([await rows('saga'), await rows('effect')]).toEqual([2, 2])
  })
})

describe('where a saga begins', () => {
  const ran = message('Ran', Type.Object({}))
  const step = { at: 'a', state: 'RUNNING', done: ran, failed: message('RunFailed', Type.Literal('no')) } as const
  const errand = (home: string) =>
    defineSaga('Errand', { version: 1, home, input: Type.Object({}) })
      .pivot('run', step)
      .end('ENDED', message('ErrandEnded', Type.Object({})))
  const serviceOf = async (home: string) => {
    const world = await World.create(database)
    const saga = errand(home)
    const run = { do: async (_: unknown, tasks: readonly unknown[]) => tasks.map(() => done({})) }
    const participants = [participant(saga, 'a', { run })]
    return { saga, service: new Service({ ...world.services.a.ports, name: 'a', epoch: 1, participants, homes: [{ saga }] }) }
  }

  it('I5: a saga of one step ends in the transaction that begins it', async () => {
    const { saga, service } = await serviceOf('a')
    await new Entry(service, saga, () => 'errand').begin({})
    expect(await database.query('select outcome, ended_at is not null as ended from a.saga')).toEqual([
      { outcome: 'completed', ended: true },
    ])
    expect(await rows('saga_open')).toBe(0)
  })

  it('is its home: elsewhere its end would find no row', async () => {
    const { saga, service } = await serviceOf('b')
    expect(() => new Entry(service, saga, () => 'errand')).toThrow('Errand begins at home, which is b')
    const begin = service.transaction(async (unit) => unit.begin(saga, [{ id: unit.newId(), input: {} }]))
    await expect(begin).rejects.toThrow('Errand begins at home, which is b')
  })

  it('is where its first step runs', async () => {
    const world = await World.create(database)
    expect(() => new Entry(world.services.b, trip, () => '')).toThrow('Trip does not begin at b: begin it with unit.begin')
  })
})
