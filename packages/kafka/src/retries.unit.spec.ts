import { expect, it } from 'vitest'
import { Retries } from './retries.ts'

function observed() {
  const troubles: (string | null)[] = []
  const time = { now: 0 }
  const retries = new Retries(
    (trouble) => troubles.push(trouble),
    () => time.now,
  )
  return { troubles, retries, time }
}

it('says once what has been tried ten times, also when the client begins from the start', () => {
  const { troubles, retries } = observed()
  for (const attempts of [9, 30, 30]) for (let attempt = 1; attempt <= attempts; attempt += 1) retries.tried('fetch', attempt)
  expect(troubles).toEqual(['fetch has been tried 10 times: no reason was told'])
})

it('takes a heartbeat as the end of what is not tried any more', () => {
  const { troubles, retries, time } = observed()
  for (const operation of ['findGroupCoordinator', 'fetch']) retries.tried(operation, 10)
  time.now = 600
  retries.tried('fetch', 11)
  retries.beaten()
  expect(troubles).toHaveLength(2)
  time.now = 1_200
  retries.beaten()
  expect(troubles.at(-1)).toBeNull()
  retries.beaten()
  expect(troubles).toHaveLength(3)
})

it('begins anew without a word', () => {
  const { troubles, retries, time } = observed()
  retries.tried('fetch', 10)
  retries.clear()
  time.now = 1_000
  retries.beaten()
  expect(troubles).toEqual(['fetch has been tried 10 times: no reason was told'])
})
