import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../ports/database.ts'
import { Projector } from '../projecting/projector.ts'
import { eventually } from '../testing/eventually.ts'
import { eachWay, openWorld, World } from '../testing/world.ts'
import { readLag } from './lag.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

/** Keeps a transaction under way meanwhile, which commits and has said nothing. */
async function besideAnother(work: () => Promise<void>): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query('select pg_current_xact_id()')
    await work()
  })
}

const behind = async () => {
  const lags = await Promise.all(
    Object.values(world.services).flatMap((reader) => ['a', 'b'].map((source) => readLag(reader, source))),
  )
  return lags.flat().filter(({ age, behind }) => age > 0 || behind > 0)
}

eachWay(() => {
  describe('F20: nobody is behind', () => {
    it('who has handled everything, beside a transaction that was under way then', async () => {
      world = await World.create(database)
      await world.start()
      await besideAnother(async () => {
        await world.begin(3)
        await eventually(() => world.ended())
      })
      await world.pass(600_000)
      await eventually(async () => (await behind()).length === 0)
    })
  })
})

it('F20: nor is a projection', async () => {
  world = await World.create(database)
  const projector = new Projector(world.services.a, async () => {})
  await projector.start()
  await besideAnother(async () => {
    await world.services.a.transaction(async (unit) => unit.changed('stock', [1]))
    await eventually(async () => (await database.query(`select from a.position where txid > '0'`)).length > 0)
  })
  await world.pass(600_000)
  await eventually(async () => (await behind()).length === 0).finally(() => projector.stop())
  expect(projector.trouble).toBe(null)
})
