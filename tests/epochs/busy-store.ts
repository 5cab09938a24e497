import { expect } from 'vitest'
import type { OwnDatabase } from '../cluster/database.ts'
import { startInstance } from '../cluster/instance.ts'
import { drain } from '../crash/drain.ts'
import { checkInvariants } from '../crash/invariants.ts'
import { Load } from '../crash/load.ts'
import { Random } from '../crash/random.ts'
import type { StoreProcess } from '../kit/process.ts'
import { until } from '../kit/wait.ts'

const connections = 16
/** Acknowledgements before each kill. */
const enough = 60

/** @param number tells it from other loads on the same store */
export const newLoad = (number = 0): Load => new Load(new Random(Date.now() % 2 ** 31), { number, outages: true })

/** Lets clients work with a store until so much was acknowledged that they can tell what was lost, and kills it under them. */
export async function workAndKill(store: StoreProcess, load: Load): Promise<void> {
  await workAnd(store, load, () => store.kill())
}

/** Lets clients work with a store, and does this in the middle of it. */
export async function workAnd<T>(store: StoreProcess, load: Load, act: () => Promise<T>): Promise<T> {
  const before = load.acknowledged.count
  const clients = load.run(store.url, connections)
  await until(`${enough} acknowledgements`, () => load.acknowledged.count - before >= enough, 60_000)
  const done = await act()
  load.stop()
  await clients
  return done
}

/** Works on a server's database until a kill leaves sagas open. */
export async function leaveSagasOpen(database: OwnDatabase, load: Load): Promise<void> {
  await until(
    'a kill that leaves sagas open',
    async () => {
      await workAndKill(await startInstance(database.url), load)
      return (await openSagas(database)) > 0
    },
    120_000,
  )
}

export const openSagas = (database: OwnDatabase): Promise<number> =>
  database.look(async (db) => (await db.query('select from store.saga where ended_at is null')).length)

export const epochOf = (database: OwnDatabase): Promise<number> =>
  database.look(async (db) => (await db.query<{ epoch: number }>('select epoch from comptoir.epoch'))[0]?.epoch ?? 0)

/** Serves the database until everything that was begun has ended, and proves that nothing is missing, doubled or owed. */
export async function endsRightly(database: OwnDatabase, load: Load): Promise<void> {
  const store = await startInstance(database.url)
  try {
    await load.settle(store.url)
    // What is new is not hidden either.
    await workAnd(store, load, async () => {})
    await drain(store.url)
  } catch (error) {
    await store.kill()
    throw error
  }
  expect(await store.stop(), store.output()).toEqual({ code: 0, signal: null })
  expect(load.surprises).toEqual([])
  expect(await database.look((db) => checkInvariants(db, load.acknowledged))).toEqual([])
}
