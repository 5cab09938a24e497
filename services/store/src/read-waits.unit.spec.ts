import { localSignals, type Work } from '@comptoir/runtime'
import { afterEach, expect, test, vi } from 'vitest'
import { ReadWaits } from './read-waits.ts'

afterEach(() => vi.restoreAllMocks())

test('an order is waited for so long in all, however long the process stands still meanwhile', async () => {
  let passed = 0
  vi.spyOn(performance, 'now').mockImplementation(() => passed)
  let looks = 0
  const work = {
    name: 'store',
    // The process stands still for three seconds after each look at the write side.
    async query(text: string) {
      if (text.includes('store.orders')) {
        looks += 1
        passed += 3_000
      }
      return []
    },
  } as unknown as Work
  expect(await new ReadWaits(work, localSignals()).order(1, 10_000, () => true)).toBe(undefined)
  expect(looks).toBe(4)
})
