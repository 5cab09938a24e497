import { expect, it } from 'vitest'
import { Arrivals } from './arrivals.ts'

const LONG_MS = 60_000

it('wakes all who wait', async () => {
  const arrivals = new Arrivals()
  const waiting = [arrivals.next(LONG_MS), arrivals.next(LONG_MS)]
  arrivals.changed()
  await Promise.all(waiting)
})

it('does not lose a change that came while nobody waited, and tells it once', async () => {
  const arrivals = new Arrivals()
  arrivals.changed()
  arrivals.changed()
  await arrivals.next(LONG_MS)
  let woken = false
  const second = arrivals.next(LONG_MS).then(() => {
    woken = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(woken).toBe(false)
  arrivals.changed()
  await second
})

it('ends with its time and when aborted, before and during the wait', async () => {
  const arrivals = new Arrivals()
  await arrivals.next(1)
  const abort = new AbortController()
  const waiting = arrivals.next(LONG_MS, abort.signal)
  abort.abort()
  await waiting
  await arrivals.next(LONG_MS, abort.signal)
})
