import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { takeOver } from '../log/positions.ts'
import type { Database } from '../ports/database.ts'
import { eventually } from '../testing/eventually.ts'
import { faultyDatabase, type Moment } from '../testing/faulty-database.ts'
import { openWorld, World } from '../testing/world.ts'
import { changesMailbox } from '../unit-of-work.ts'
import { awaitedSignal, Projector, projectedSignal } from './projector.ts'

let database: Database
let projector: Projector
let seen: Record<string, readonly (number | string)[]>[]
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => projector.stop())
afterAll(() => database.close())

async function projecting(
  fails: (moment: Moment) => string | undefined = () => undefined,
  during: () => void = () => {},
): Promise<World> {
  const world = await World.create(database, { through: (db) => faultyDatabase(db, fails) })
  seen = []
  projector = new Projector(world.services.a, async (tx, changes) => {
    seen.push(Object.fromEntries(changes))
    during()
    for (const [kind, ids] of changes)
      await tx.query(`insert into a.effect (saga, name) select gen_random_uuid(), $1 || i from unnest($2::text[]) as i`, [
        kind,
        ids.map(String),
      ])
  })
  return world
}
const change = (world: World, kind: string, ids: readonly number[]) =>
  world.services.a.transaction(async (unit) => unit.changed(kind, ids))

describe('a projector', () => {
  it('shows what changed since it last looked, each row once, and nothing of a rollback', async () => {
    const world = await projecting()
    await change(world, 'stock', [3, 1])
    await change(world, 'order', [7])
    await change(world, 'stock', [1, 2])
    const attempt = world.services.a.transaction(async (unit) => {
      unit.changed('stock', [9])
      throw new Error('no')
    })
    await expect(attempt).rejects.toThrow('no')
    await projector.start()
    await eventually(async () => (await world.effects()).length === 4)
    expect(seen).toEqual([{ stock: [1, 2, 3], order: [7] }])
  })

  it('gathers what follows within a moment, unless somebody waits for it', async () => {
    const world = await projecting()
    const { signals } = world.services.a.ports
    const { wait } = signals
    let awaits: string | undefined
    // What it waits for is said, and never comes by itself, however busy the machine.
    signals.wait = async (name, before, ms, abort) => {
      awaits = name
      while (!abort?.aborted && signals.seen(name) === before) await wait(name, before, ms, abort)
    }
    await projector.start()
    await eventually(() => awaits === changesMailbox('a'))
    await change(world, 'stock', [1])
    await eventually(() => awaits === awaitedSignal('a'))
    await change(world, 'stock', [2])
    expect(seen).toEqual([])
    signals.send([awaitedSignal('a')])
    await eventually(async () => (await world.effects()).length === 2)
    expect(seen).toEqual([{ stock: [1, 2] }])
    // Who said so while it was at work is heard, too.
    signals.send([awaitedSignal('a')])
    await change(world, 'stock', [3])
    await eventually(async () => (await world.effects()).length === 3)
  })

  it('tells other processes when it has projected, and nothing else', async () => {
    const world = await projecting()
    await projector.start()
    await change(world, 'stock', [1])
    await eventually(() => world.told.length > 0)
    expect(new Set(world.told)).toEqual(new Set([projectedSignal('a')]))
  })

  it.each([
    ['as long as the steps of one saga take, when a projection is quick', 0, 10],
    ['nine times as long as the projection took', 7, 63],
    ['no longer than keeps the read model fresh', 30, 150],
    ['longer where projections would take more than a fifth of the time', 60, 240],
    ['never longer than that', 1_000, 400],
  ])('gathers %s', async (_rule, took, gathers) => {
    let passed = 0
    const world = await projecting(undefined, () => {
      passed += took
    })
    const { clock, signals } = world.services.a.ports
    const { now } = clock
    clock.now = () => now() + passed
    const { wait } = signals
    const asked: number[] = []
    signals.wait = (name, before, ms, abort) => {
      if (name === awaitedSignal('a')) asked.push(ms)
      return wait(name, before, ms, abort)
    }
    await projector.start()
    await change(world, 'stock', [1])
    await eventually(async () => (await world.effects()).length === 1)
    asked.length = 0
    await eventually(async () => {
      await change(world, 'stock', [2])
      return asked.length > 0
    })
    expect(asked[0]).toBe(gathers)
  })

  it('F3: moves on with the commit only, and says why it stands still', async () => {
    let broken = false
    const world = await projecting((moment) => (broken && moment === 'commit' ? '08006' : undefined))
    await change(world, 'stock', [1])
    await projector.start()
    await eventually(async () => (await world.effects()).length === 1)
    // What has not been passed is projected again after a trouble.
    await world.caughtUp()
    await change(world, 'stock', [2])
    broken = true
    await eventually(() => projector.trouble !== null)
    expect(projector.trouble).toContain('(trying again)')
    expect(await world.effects()).toEqual(['stock1'])
    broken = false
    await eventually(async () => (await world.effects()).length === 2)
    await eventually(() => projector.trouble === null)
  })

  it('F6: stops when another has taken over', async () => {
    const world = await projecting()
    await projector.start()
    await takeOver(database, 'a', 'a.changes', ['a'])
    await change(world, 'stock', [1])
    await eventually(() => projector.trouble?.includes('another instance has taken over consumer a.changes') === true)
    expect(await world.effects()).toEqual([])
  })
})
