import { expect, it } from 'vitest'
import { Gaps } from './gaps.ts'

it('F17: finds a gap while a partition is read, and none where it begins or what came comes again', () => {
  const gaps = new Gaps()
  expect(gaps.before(0, 10n, 20n)).toBeUndefined()
  expect(gaps.before(1, 70n, 71n)).toBeUndefined()
  expect(gaps.before(0, 20n, 25n)).toBeUndefined()
  expect(gaps.before(0, 15n, 25n)).toBeUndefined()
  expect(gaps.before(0, 31n, 32n)).toBe(25n)
  expect(gaps.before(0, 32n, 33n)).toBeUndefined()
  gaps.rejoined()
  expect(gaps.before(0, 90n, 91n)).toBeUndefined()
})
