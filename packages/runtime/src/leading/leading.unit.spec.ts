import { expect, it } from 'vitest'
import type { Lease } from '../ports/leases.ts'
import { eventually } from '../testing/eventually.ts'
import { lead, soleLeases } from './leading.ts'

it('a lone instance holds every lease at once, for good; who is told to stop gets none', async () => {
  const leases = soleLeases()
  const abort = new AbortController()
  const held = await Promise.all(['work', 'work', 'upkeep'].map((name) => leases.acquire(name, abort.signal)))
  abort.abort()
  expect(held.map((lease) => lease?.lost.aborted)).toEqual([false, false, false])
  expect(await leases.acquire('work', abort.signal)).toBeUndefined()
})

it('F23: who was in trouble and finds that another does the work stands by, and all is well', async () => {
  const said: string[] = []
  const stop = new AbortController()
  const lease: Lease = { lost: new AbortController().signal, release: async () => {} }
  let given = 0
  const { ended } = lead(
    {
      acquire: (_, abort, taken) =>
        new Promise((resolve) => {
          given += 1
          if (given === 1) return resolve(lease)
          taken?.()
          abort.addEventListener('abort', () => resolve(undefined))
        }),
    },
    'work',
    stop.signal,
    {
      work: () => Promise.reject(new Error('the server is starting up')),
      troubled: async (error) => void said.push(String(error)),
      standingBy: () => void said.push('stands by'),
    },
  )
  await eventually(() => said.length === 2)
  expect(said).toEqual(['Error: the server is starting up', 'stands by'])
  stop.abort()
  await ended
})
