import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Diagnostics, listen } from '../diagnostics.ts'
import type { Database } from '../ports/database.ts'
import { eventually, turns } from '../testing/eventually.ts'
import { eachWay, openWorld, World } from '../testing/world.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

const down = () => {
  throw new Error('the carrier does not answer')
}
const outcomes = async () =>
  (await database.query<{ outcome: string | null }>('select outcome from a.saga order by id')).map((row) => row.outcome)
const completed = async () => (await outcomes()).filter((outcome) => outcome === 'completed').length

eachWay(() => {
  describe('an outage', () => {
    it('row 60: pauses the consumer, says so, and goes on by itself when the handler works again', async () => {
      world = await World.create(database, { acts: { pack: down } })
      const told: Diagnostics['comptoir:paused'][] = []
      const end = listen('comptoir:paused', (message) => told.push(message))
      const [, consumer] = await world.start()
      await world.begin(10)
      await eventually(() => consumer?.trouble?.includes('the carrier does not answer') === true)
      expect(told).toContainEqual({ service: 'b', consumer: 'b', reason: 'Error: the carrier does not answer (trying again)' })
      expect((await world.held('b')).length).toBeLessThan(3)
      delete world.acts.pack
      await world.until(() => world.ended())
      expect(await completed()).toBe(10)
      await eventually(() => consumer?.trouble === null)
      expect(told.at(-1)?.reason).toBe(null)
      end()
    })

    it('row 60: is known as one also when a write fails whose answer nobody waits for', async () => {
      world = await World.create(database)
      await database.script(`alter table b.effect add constraint nobody_packs check (name <> 'pack')`)
      const [, consumer] = await world.start()
      await world.begin(10)
      await eventually(() => consumer?.trouble?.includes('nobody_packs') === true)
      expect((await world.held('b')).length).toBeLessThan(3)
      await database.script('alter table b.effect drop constraint nobody_packs')
      await world.until(() => world.ended())
      expect(await completed()).toBe(10)
    })

    it('makes nothing a dead letter, however long it lasts', async () => {
      world = await World.create(database, { acts: { pack: down } })
      const dead: string[] = []
      const end = listen('comptoir:held', ({ state, key }) => state === 'dead' && dead.push(key))
      await world.begin(40)
      await world.start()
      // In steps that make every earlier failure an old one.
      for (let step = 0; step < 80; step++) {
        await world.pass(40_000)
        await eventually(turns(4))
      }
      expect(world.attempts.filter(({ step }) => step === 'pack').length).toBeGreaterThan(50)
      expect(dead).toEqual([])
      delete world.acts.pack
      await world.until(() => world.ended())
      end()
      expect(await completed()).toBe(40)
    })
  })

  describe('three poison messages that fail alike', () => {
    const poisonous = (numbers: readonly number[]) => ({
      pack({ n }: { n: number }) {
        if (numbers.includes(n)) down()
        return undefined
      },
    })

    it.each([
      ['apart', [2, 9, 23]],
      ['side by side', [4, 5, 6, 7]],
      ['at the end', [28, 29, 30]],
    ])('F12: %s among healthy traffic do not stop the mailbox', async (_, numbers) => {
      world = await World.create(database, { acts: poisonous(numbers) })
      const [, consumer] = await world.start()
      await world.begin(30)
      // At the end of the mailbox nothing tells them from an outage, until more traffic comes.
      await world.begin([31, 32])
      await eventually(async () => (await completed()) === 32 - numbers.length)
      await eventually(() => consumer?.trouble === null)
    })

    it('F12: pause it when nothing else comes, until the next healthy one does', async () => {
      world = await World.create(database, { acts: poisonous([1, 2, 3]) })
      const [, consumer] = await world.start()
      await world.begin(3)
      await eventually(() => consumer !== undefined && consumer.trouble !== null)
      await world.begin([4])
      await eventually(async () => (await completed()) === 1)
      await eventually(() => consumer?.trouble === null)
    })

    it('I5: are given up while others go on', async () => {
      world = await World.create(database, { acts: poisonous([1, 2, 3]) })
      await world.start()
      await world.begin(6)
      let next = 7
      await world.until(async () => {
        await world.begin([next++])
        return (await outcomes()).slice(0, 3).every((outcome) => outcome === 'cancelled')
      })
      expect((await world.held('b')).map(({ state, settled }) => [state, settled])).toEqual(Array(3).fill(['dead', true]))
    })
  })
})
