import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

test('turns lie apart whoever takes them, and those that nobody took are lost', async () => {
  const pace = new Pace(1_000)
  const began = performance.now()
  await Promise.all(Array.from({ length: 51 }, () => pace.turn()))
  // Timers fire up to a millisecond early.
  expect(performance.now() - began).toBeGreaterThanOrEqual(49)
  const again = performance.now()
  await Promise.all(Array.from({ length: 21 }, () => pace.turn()))
  expect(performance.now() - again).toBeGreaterThanOrEqual(19)
})
