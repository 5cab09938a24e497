import { failed } from '@comptoir/saga'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '../ports/database.ts'
import { DrivenWorld, openDrivenWorld, styles } from '../testing/driven-world.ts'
import { eventually } from '../testing/eventually.ts'
import type { Act } from '../testing/trip.ts'

let database: Database
beforeAll(async () => {
  database = await openDrivenWorld()
})
afterAll(() => database.close())

/** What happens to one trip, in whatever style it goes. */
interface Fate {
  /** The step that says no, if one does. */
  readonly no: 'book' | 'pack' | 'pay' | undefined
  /** The step that raises at its first attempt, if one does. */
  readonly raises: 'book' | 'pack' | 'pay' | 'leave' | 'unbook' | 'unpack' | undefined
}
const fate: fc.Arbitrary<Fate> = fc.record({
  no: fc.constantFrom(undefined, undefined, 'book', 'pack', 'pay'),
  raises: fc.constantFrom(undefined, undefined, undefined, 'book', 'pack', 'pay', 'leave', 'unbook', 'unpack'),
})

it('F40, I19: the same trips have the same effects and the same ends in every style, whatever is brought again', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { minLength: 5, maxLength: 25 }), fc.infiniteStream(fc.nat()), async (fates, choices) => {
      const raised = new Set<string>()
      const act =
        (step: NonNullable<Fate['raises']>): Act =>
        ({ saga, n }) => {
          const { no, raises } = fates[n] ?? { no: undefined, raises: undefined }
          const once = `${saga} ${step}`
          if (raises === step && !raised.has(once)) {
            raised.add(once)
            // Different words: what fails alike is taken for an outage.
            throw new Error(`no ${step} in ${String.fromCharCode(97 + n)}`)
          }
          return no === step ? failed('no') : undefined
        }
      const steps = ['book', 'pack', 'pay', 'leave', 'unbook', 'unpack'] as const
      const world = await DrivenWorld.create(database, Object.fromEntries(steps.map((step) => [step, act(step)])))
      await world.start()
      world.callDriver().start()
      const trips = await Promise.all(styles.map((style) => Promise.all(fates.map((_, n) => world.begin(style, n)))))
      await eventually(async () => {
        await world.pass(2_000)
        for (const name of ['a', 'b', 'orchestrator'] as const) {
          const sent = await world.mail(name)
          const again = sent[(choices.next().value ?? 0) % Math.max(1, sent.length)]
          // A handler may raise: whoever has it in hand tries it again.
          if (again) await world.deliver(name, [again]).catch(() => {})
        }
        const ends = [...(await world.ends()).values()]
        return ends.length === styles.length * fates.length && ends.every(({ outcome }) => outcome !== null)
      }, 60_000)
      const ends = await world.ends()
      const stories = await Promise.all(
        trips.map((ids) => Promise.all(ids.map(async (id) => ({ ...ends.get(id), effects: await world.effects(id) })))),
      )
      await world.stop()
      const [first, ...others] = stories
      // A trip that is refused at its first step has no name when it is driven.
      const unnamed = (story: typeof first) => story?.map((one) => ({ ...one, subject: null }))
      for (const other of others) expect(unnamed(other)).toEqual(unnamed(first))
    }),
    { numRuns: 12 },
  )
})
