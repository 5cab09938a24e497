import { placeOrder } from '@comptoir/contracts'
import type { Database } from '@comptoir/runtime'
import { type Style, simulate } from '@comptoir/simulation'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { violations } from './invariants.fixture.ts'
import { LivingShop } from './living-shop.fixture.ts'
import { openSimulatedShop, simulatedShop } from './simulated-shop.fixture.ts'
import { type Cast, inputOf, newCast, type Results, resultsOf, type Wish, wish } from './wishes.fixture.ts'

const styles = ['choreographed', 'messages', 'http'] as const satisfies readonly Style[]
const runs = 30
/** Of these runs the process dies for certain: in the others it is a matter of chance. */
const fatalCommits = [1, 5, 10, 20, 40, 80]

let shop: LivingShop
let memory: Database
beforeAll(async () => {
  shop = await LivingShop.open()
  memory = await openSimulatedShop()
})
afterAll(() => Promise.all([shop.close(), memory.close()]))

interface Chances {
  readonly seed: number
  /** At which of its commits the process dies. */
  readonly fatal: number | undefined
}

/** The orders of three styles at once, in one process with its loops. */
async function inEarnest(wishes: readonly Wish[], { seed, fatal }: Chances): Promise<Results[]> {
  const casts = await Promise.all(styles.map(() => newCast(shop.database)))
  shop.dieAt(fatal)
  const choices = fc.sample(fc.nat(10_000), { seed, numRuns: 1_000 })
  const ids = await Promise.all(styles.map((style, index) => shop.begin(style, casts[index] as Cast, wishes)))
  await shop.ended((count) => (choices.pop() ?? 0) % Math.max(1, count))
  return Promise.all(casts.map((cast, index) => resultsOf(shop.database, cast, ids[index] ?? [])))
}

/** The same orders in the scheduler of the simulation. */
const inMemory = (wishes: readonly Wish[], style: Style, { seed, fatal }: Chances): Promise<Results> => {
  const crash = ({ nth }: { nth: number }) => nth === fatal
  return simulate(simulatedShop({ database: memory, style, seed, crash, duplicate: 0.2 }), async (simulation) => {
    const cast = await newCast(memory)
    const ids: string[] = []
    for (const one of wishes) {
      ids.push(await simulation.begin(placeOrder, inputOf(cast, one)))
      // While some begin, others are under way.
      await simulation.run(ids.length % 5)
    }
    await simulation.run()
    return resultsOf(memory, cast, ids)
  })
}

it(`I1, I3, I4, I9, I19: the same orders end the same in all four styles, whatever dies and comes again`, {
  timeout: 300_000,
}, async () => {
  const met = new Set<string | null>()
  await fc.assert(
    fc.asyncProperty(
      fc.array(wish, { minLength: 6, maxLength: 12 }),
      fc.constantFrom(...styles),
      fc.integer(),
      fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined, freq: 2 }),
      async (wishes, style, seed, fatal) => {
        const [first, ...others] = await inEarnest(wishes, { seed, fatal })
        for (const other of others) expect(other).toEqual(first)
        expect(await inMemory(wishes, style, { seed, fatal })).toEqual(first)
        for (const [outcome, , reason] of first?.sagas ?? []) met.add(reason ?? outcome ?? null)
      },
    ),
    {
      numRuns: runs + fatalCommits.length,
      examples: fatalCommits.map((fatal): [Wish[], (typeof styles)[number], number, number] => [
        fc.sample(wish, { seed: fatal, numRuns: 6 }),
        'http',
        fatal,
        fatal,
      ]),
    },
  )
  // Every way in which an order ends was met, and processes died on the way.
  expect([...met].sort()).toEqual(['completed', 'on_hold', 'out_of_stock', 'over_ceiling', 'unknown_product', 'unknown_user'])
  expect(shop.deaths).toBeGreaterThan(5)
  for (const database of [shop.database, memory]) expect(await violations(database)).toEqual([])
})
