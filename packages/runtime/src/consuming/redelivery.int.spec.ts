import { failed } from '@comptoir/saga'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoggedMessage } from '../log/log.ts'
import type { Database } from '../ports/database.ts'
import type { Acts } from '../testing/trip.ts'
import { type Name, openWorld, World } from '../testing/world.ts'

let database: Database
beforeAll(async () => {
  database = await openWorld()
})
afterAll(() => database.close())

type Choose = (choices: number) => number

/** Delivers every message 1 to 5 times, in any order, in batches of up to 4 keys, until nothing new is said. */
async function deliverAnyhow(world: World, choose: Choose): Promise<void> {
  const left = new Map<string, number>()
  for (;;) {
    const waiting: (LoggedMessage & { to: Name; place: string })[] = []
    for (const to of ['a', 'b'] as const) {
      for (const message of await world.mail(to)) {
        const place = `${to} ${message.source} ${message.txid} ${message.pos}`
        if (!left.has(place)) left.set(place, 1 + choose(5))
        if ((left.get(place) ?? 0) > 0) waiting.push({ ...message, to, place })
      }
    }
    if (waiting.length === 0) return
    const batch = new Map<string, (typeof waiting)[number]>()
    const first = waiting[choose(waiting.length)]
    if (!first) return
    batch.set(first.key, first)
    for (let more = choose(4); more > 0; more--) {
      const other = waiting[choose(waiting.length)]
      if (other?.to === first.to && !batch.has(other.key)) batch.set(other.key, other)
    }
    for (const { place } of batch.values()) left.set(place, (left.get(place) ?? 0) - 1)
    await world.deliver(first.to, [...batch.values()])
  }
}

const completed = ['book', 'leave', 'pack', 'pay']
/** What is left of a trip that fails at that step, service by service. */
const effectsOf: Record<string, readonly string[]> = {
  none: completed,
  pay: ['book', 'unbook', 'pack', 'unpack'],
  pack: ['book', 'unbook'],
  book: [],
}
const fates = fc.array(fc.constantFrom(...Object.keys(effectsOf)), { minLength: 1, maxLength: 5 })
const actsOf = (fate: readonly string[]): Acts => {
  const at =
    (step: string) =>
    ({ n }: { n: number }) =>
      fate[n - 1] === step ? failed('no' as const) : undefined
  return { book: at('book'), pack: at('pack'), pay: at('pay') }
}
const outcomes = () => database.query<{ outcome: string | null }>('select outcome from a.saga order by subject::int')

describe('every message 1 to 5 times, in any order', () => {
  it('F9, I9, I5, I19: has each effect once and comes to the same end, by the same messages', async () => {
    await fc.assert(
      fc.asyncProperty(fates, fc.gen(), async (fate, gen) => {
        const world = await World.create(database, { acts: actsOf(fate) })
        const ids = await world.begin(fate.length)
        await deliverAnyhow(world, (choices) => gen(fc.nat, { max: choices - 1 }))
        for (const [index, id] of ids.entries()) expect(await world.effects(id)).toEqual(effectsOf[fate[index] ?? ''])
        expect((await outcomes()).map((row) => row.outcome)).toEqual(
          fate.map((step) => (step === 'none' ? 'completed' : 'cancelled')),
        )
        const said = (await Promise.all(['a', 'b', 'feed'].map((mailbox) => world.mail(mailbox)))).flat()
        expect(new Set(said.map(({ key, type }) => `${key} ${type}`)).size).toBe(said.length)
      }),
      { numRuns: 30 },
    )
  })

  it('I19: a trip that is settled at any moment ends with all of its effects or with each undone', async () => {
    let cancelled = 0
    await fc.assert(
      fc.asyncProperty(
        fates,
        fc.array(fc.constantFrom('book', 'pack', 'pay'), { minLength: 1 }),
        fc.gen(),
        async (fate, settled, gen) => {
          const world = await World.create(database, { acts: actsOf(fate) })
          const ids = await world.begin(fate.length)
          for (const [index, step] of settled.entries())
            await world.send(step === 'book' ? 'a' : 'b', `settle:${step}`, ids[index % ids.length] ?? '')
          await deliverAnyhow(world, (choices) => gen(fc.nat, { max: choices - 1 }))
          const ends = await outcomes()
          for (const [index, id] of ids.entries()) {
            const effects = await world.effects(id)
            const undone = effects.filter((name) => name.startsWith('un')).map((name) => name.slice(2))
            if (ends[index]?.outcome === 'completed') expect(effects).toEqual(completed)
            else {
              cancelled += 1
              expect(ends[index]?.outcome).toBe('cancelled')
              expect(effects.filter((name) => !name.startsWith('un'))).toEqual(undone)
            }
          }
        },
      ),
      { numRuns: 30 },
    )
    expect(cancelled).toBeGreaterThan(0)
  })
})
