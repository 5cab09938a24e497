import { placeOrder } from '@comptoir/contracts'
import type { Database } from '@comptoir/runtime'
import { type Simulation, type Skew, type Style, simulate } from '@comptoir/simulation'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refuseRows } from './fault.fixture.ts'
import { violations } from './invariants.fixture.ts'
import { openSimulatedShop, simulatedShop } from './simulated-shop.fixture.ts'
import { inputOf, newCast, type Results, resultsOf, type Wish, wish } from './wishes.fixture.ts'

const hour = 3_600_000
const right: Skew = { process: 0, database: 0 }
/** How the clocks go: at the beginning, and from a moment on when sagas are under way and messages are tried again. */
const courses: Readonly<Record<string, readonly [Skew, Skew]>> = {
  'the processes are an hour ahead': [
    { ...right, process: hour },
    { ...right, process: hour },
  ],
  'the processes are an hour behind': [
    { ...right, process: -hour },
    { ...right, process: -hour },
  ],
  'the database is an hour ahead': [
    { ...right, database: hour },
    { ...right, database: hour },
  ],
  'the database is an hour behind': [
    { ...right, database: -hour },
    { ...right, database: -hour },
  ],
  'the processes jump back': [right, { ...right, process: -hour }],
  'the database jumps back': [right, { ...right, database: -hour }],
  'both jump back, from an hour ahead': [{ process: hour, database: hour }, right],
  'both jump back, unequally': [
    { process: hour, database: 0 },
    { process: 0, database: -hour },
  ],
}

let database: Database
beforeAll(async () => {
  database = await openSimulatedShop()
})
afterAll(() => database.close())

/** Runs orders while payments refuses rows, then sets the clocks and lets it work again. */
async function run(simulation: Simulation, wishes: readonly Wish[], [first, then]: readonly [Skew, Skew]): Promise<Results> {
  const cast = await newCast(database)
  await simulation.setClocks(first)
  const refusing = await refuseRows(database, 'insert', 'payments.payments', `new.user_id = ${cast.users.good}`)
  const ids: string[] = []
  for (const one of wishes) ids.push(await simulation.begin(placeOrder, inputOf(cast, one)))
  await simulation.run(30)
  await simulation.setClocks(then)
  await refusing.heal()
  await simulation.run()
  return resultsOf(database, cast, ids)
}

describe.each<Style>(['choreographed', 'messages', 'http'])('I21, F41: %s', (style) => {
  it.each(Object.keys(courses))('by the same seed, orders end as ever when %s', async (course) => {
    for (const seed of [1, 2]) {
      const wishes = fc.sample(wish, { seed, numRuns: 8 })
      const options = simulatedShop({ database, style, seed, duplicate: 0.1 })
      const expected = await simulate(options, (simulation) => run(simulation, wishes, [right, right]))
      expect(expected.sagas.flat()).toContain('completed')
      expect(await simulate(options, (simulation) => run(simulation, wishes, courses[course] ?? [right, right]))).toEqual(
        expected,
      )
    }
    expect(await violations(database)).toEqual([])
  })
})
