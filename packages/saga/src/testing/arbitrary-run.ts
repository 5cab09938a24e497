import fc from 'fast-check'
import type { Saga, StepDefinition, StepKind } from '../definition.ts'
import type { StepRecord } from '../protocol.ts'
import { declared, step } from './declared.ts'

/** A legal declaration of 1 to 7 steps, each at one of up to four services: some compensatable, a pivot or none, some retriable. */
export const arbitrarySaga: fc.Arbitrary<Saga> = fc
  .record({ compensatable: fc.nat({ max: 6 }), pivot: fc.nat({ max: 1 }), retriable: fc.nat({ max: 6 }) })
  .map(({ compensatable, pivot, retriable }) => [
    ...Array<StepKind>(compensatable).fill('compensatable'),
    ...Array<StepKind>(pivot).fill('pivot'),
    ...Array<StepKind>(retriable).fill('retriable'),
  ])
  .filter((kinds) => kinds.length >= 1 && kinds.length <= 7)
  .chain((kinds) => {
    const place = fc.constantFrom('shop', 'bank', 'depot', 'desk')
    return fc.tuple(fc.constant(kinds), fc.array(place, { minLength: kinds.length, maxLength: kinds.length }), place)
  })
  .map(([kinds, places, home]) =>
    declared(
      kinds.map((kind, index): StepDefinition => step(kind, `s${index + 1}`, places[index])),
      { home },
    ),
  )

/** What happens to a saga: how its steps answer, in what order its messages arrive, and when its first step is settled. */
export interface Schedule {
  /** By position; a retriable step is done whatever it says here. */
  readonly outcomes: readonly StepRecord['outcome'][]
  /** One number a delivery: which message is next, and whether it is one that has come before. */
  readonly choices: readonly number[]
  /** The delivery before which home settles the first step; never, when there are fewer. */
  readonly settleBefore: number
}

export const arbitrarySchedule: fc.Arbitrary<Schedule> = fc.record({
  // Mostly done, so that long sagas are often completed, or turn back late.
  outcomes: fc.array(fc.constantFrom('done', 'done', 'done', 'done', 'failed', 'refused'), { minLength: 7, maxLength: 7 }),
  choices: fc.array(fc.nat(), { maxLength: 40 }),
  settleBefore: fc.nat({ max: 60 }),
})
