import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

test('turns lie apart whoever takes them, and those that nobody took are lost', async () => {
  const pace = new Pace(1_000)
  const began = performance.now()
  await Promise.all(Array.from({ length: 51 }, () => pace.turn()))
  // A timer may fire two milliseconds early: its delay is cut to whole ones, and so is the time it is set at.
  expect(performance.now() - began).toBeGreaterThanOrEqual(48)
  const again = performance.now()
  await Promise.all(Array.from({ length: 21 }, () => pace.turn()))
  expect(performance.now() - again).toBeGreaterThanOrEqual(18)
})
