import type { Database } from '@comptoir/runtime'
import { openPglite } from '@comptoir/runtime/pglite'
import { failed } from '@comptoir/saga'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Act, trip } from '../../runtime/src/testing/trip.ts'
import type { SimulationOptions, Style } from './options.ts'
import { simulate } from './simulate.ts'
import { effectsOn, type steps, trips } from './testing/trips.ts'
import { SimulationError } from './trace.ts'

const styles = ['choreographed', 'messages', 'http'] as const satisfies readonly Style[]

let database: Database
beforeAll(async () => {
  database = await openPglite()
})
afterAll(() => database.close())

/** Every third trip is refused at its payment. */
const everyThird =
  (step: (typeof steps)[number]): Act =>
  ({ n }) =>
    step === 'pay' && n % 3 === 1 ? failed('no') : undefined
const stories: Readonly<Record<string, readonly string[]>> = {
  completed: ['book', 'leave', 'pack', 'pay'],
  cancelled: ['book', 'unbook', 'pack', 'unpack'],
}

/** Runs so many trips; answers how they ended and what they left. */
const travel = (count: number, options: Omit<SimulationOptions, 'services'>) =>
  simulate({ database, ...trips(everyThird), ...options }, async (simulation) => {
    for (let n = 0; n < count; n += 1) await simulation.begin(trip, { n })
    await simulation.run()
    const ends: { outcome: string | null; effects: string[] }[] = []
    for (const { id, outcome } of await simulation.sagas())
      ends.push({ outcome, effects: await effectsOn(simulation.service('a'), id) })
    return { ends, hash: simulation.traceHash, trace: simulation.trace, crashes: simulation.crashes }
  })

const asDeclared = (count: number) =>
  Array.from({ length: count }, (_, n) => (n % 3 === 1 ? 'cancelled' : 'completed')).map((outcome) => ({
    outcome,
    effects: stories[outcome],
  }))

describe.each(styles)('%s', (style) => {
  it('I22: the same seed takes the same steps, another seed takes others', async () => {
    const options = { style, duplicate: 0.2, crash: ({ chance }: { chance: number }) => chance < 0.02 }
    const first = await travel(6, { ...options, seed: 7 })
    const other = await travel(6, { ...options, seed: 8 })
    const again = await travel(6, { ...options, seed: 7 })
    expect(again.trace).toEqual(first.trace)
    expect(again.hash).toBe(first.hash)
    expect(other.hash).not.toBe(first.hash)
  })

  it('I9, I19: whatever comes again and overtakes, every effect is there once, and what is given up is undone', async () => {
    for (const seed of [1, 2, 3]) {
      const { ends, trace } = await travel(9, { style, seed, duplicate: 0.3 })
      expect(ends, trace.join('\n')).toEqual(asDeclared(9))
    }
  })

  it('I5, I9, I19: a process that dies at any commit is begun anew, and the trips end as ever', {
    timeout: 120_000,
  }, async () => {
    let moments = 0
    await travel(2, {
      style,
      crash: ({ nth }) => {
        moments = nth
        return false
      },
    })
    expect(moments).toBeGreaterThan(20)
    for (let fatal = 1; fatal <= moments; fatal += 1) {
      const { ends, trace, crashes } = await travel(2, { style, crash: ({ nth }) => nth === fatal })
      expect(ends, trace.join('\n')).toEqual(asDeclared(2))
      expect(crashes).toBe(1)
    }
  })
})

it('in order and without faults, a choreography takes the steps of its declaration', async () => {
  const { trace } = await travel(1, { reorder: false })
  expect(trace.filter((line) => !line.startsWith('wake'))).toEqual([
    'begin Trip #1',
    'deliver to a: TripRequested #1',
    'deliver to b: Booked #1',
    'deliver to b: Packed #1',
    'deliver to a: Paid #1',
  ])
})

it('a retriable step that never succeeds needs a person, and then nothing is left to do', async () => {
  const broken = trips((step) => () => {
    if (step === 'leave') throw new Error('no door')
    return undefined
  })
  await simulate({ database, ...broken }, async (simulation) => {
    const id = await simulation.begin(trip, { n: 1 })
    await simulation.run()
    expect(await simulation.sagas()).toMatchObject([{ id, outcome: null, attention: 'do of leave: Error: no door' }])
    expect((await simulation.journal(id)).map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
      'book done',
      'pack done',
      'pay done',
    ])
  })
})

it('a test that fails tells the seed and the steps that led there', async () => {
  const failing = simulate({ database, ...trips(everyThird), seed: 42 }, async (simulation) => {
    await simulation.begin(trip, { n: 0 })
    await simulation.run(2)
    expect('this').toBe('that')
  })
  const error = await failing.catch((thrown: unknown) => thrown as SimulationError)
  expect(error).toBeInstanceOf(SimulationError)
  expect(error).toMatchObject({ seed: 42, trace: expect.arrayContaining(['begin Trip #1']), cause: expect.any(Error) })
  expect(String(error)).toMatch(/expected 'this' to be 'that'.*\(seed 42\)\n {2}begin Trip #1\n {2}deliver to a/s)
})

it('a saga that cannot end, because a participant is missing, is said to have no end', async () => {
  const { services, migrations = [] } = trips(everyThird)
  const alone: SimulationOptions = { database, migrations, services: (ports, epoch) => services(ports, epoch).slice(0, 1) }
  await simulate(alone, async (simulation) => {
    await simulation.begin(trip, { n: 0 })
    await expect(simulation.run()).rejects.toThrow('no end after four hours of its time (seed 1)')
  })
})
