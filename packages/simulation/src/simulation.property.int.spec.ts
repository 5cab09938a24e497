import type { Database } from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import { failed } from '@comptoir/saga'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Act, trip } from '../../runtime/src/testing/trip.ts'
import type { Style } from './options.ts'
import { simulate } from './simulate.ts'
import { effectsOn, steps, trips } from './testing/trips.ts'

let database: Database
beforeAll(async () => {
  database = await openPglite()
})
afterAll(() => database.close())

type Step = (typeof steps)[number]
/** What happens to one trip: the step that says no, and the step that raises at its first attempt. */
interface Fate {
  readonly no: Step | undefined
  readonly raises: Step | undefined
}
const fate: fc.Arbitrary<Fate> = fc.record({
  no: fc.constantFrom<Fate['no'][]>(undefined, undefined, 'book', 'pack', 'pay'),
  raises: fc.constantFrom<Fate['raises'][]>(undefined, undefined, ...steps),
})

/** What a trip leaves, by the step that says no. */
const effects: Readonly<Record<string, readonly string[]>> = {
  none: ['book', 'leave', 'pack', 'pay'],
  book: [],
  pack: ['book', 'unbook'],
  pay: ['book', 'unbook', 'pack', 'unpack'],
}

/** More than three deaths over one message make it a dead letter, which is another story. */
const mostCrashes = 3

it('I5, I9, I19: whatever raises, dies, comes again or overtakes, in every style a trip leaves what its fate says', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fate, { minLength: 1, maxLength: 12 }),
      fc.constantFrom<Style[]>('choreographed', 'messages', 'http'),
      fc.integer(),
      fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: mostCrashes }),
      async (fates, style, seed, fatal) => {
        const raised = new Set<string>()
        const act =
          (step: Step): Act =>
          ({ n }) => {
            const once = `${n} ${step}`
            if (fates[n]?.raises === step && !raised.has(once)) {
              raised.add(once)
              // Different words: what fails alike is taken for an outage.
              throw new Error(`no ${step} in ${String.fromCharCode(97 + n)}`)
            }
            return fates[n]?.no === step ? failed('no') : undefined
          }
        const crash = ({ nth }: { nth: number }) => fatal.includes(nth)
        await simulate({ database, ...trips(act), style, seed, crash, duplicate: 0.2 }, async (simulation) => {
          const ids: string[] = []
          for (const n of fates.keys()) {
            ids.push(await simulation.begin(trip, { n }))
            // While some begin, others are under way.
            await simulation.run(n % 5)
          }
          await simulation.run()
          const ends = new Map((await simulation.sagas()).map(({ id, outcome, cause }) => [id, { outcome, cause }]))
          for (const [n, { no }] of fates.entries()) {
            const id = ids[n] ?? ''
            const cause = no ? { step: no, reason: 'no' } : null
            expect(ends.get(id), `trip ${n}`).toEqual({ outcome: no ? 'cancelled' : 'completed', cause })
            expect(await effectsOn(simulation.service('a'), id), `trip ${n}`).toEqual(effects[no ?? 'none'])
          }
        })
      },
    ),
    { numRuns: 40 },
  )
})
