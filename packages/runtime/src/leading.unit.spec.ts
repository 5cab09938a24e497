import { expect, it } from 'vitest'
import { soleLeases } from './leading.ts'

it('a lone instance holds every lease at once, for good; who is told to stop gets none', async () => {
  const leases = soleLeases()
  const abort = new AbortController()
  const held = await Promise.all(['work', 'work', 'upkeep'].map((name) => leases.acquire(name, abort.signal)))
  abort.abort()
  expect(held.map((lease) => lease?.lost.aborted)).toEqual([false, false, false])
  expect(await leases.acquire('work', abort.signal)).toBeUndefined()
})
