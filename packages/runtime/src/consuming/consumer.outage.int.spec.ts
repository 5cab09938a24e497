import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Diagnostics, listen } from '../diagnostics.ts'
import { grouped } from '../grouped.ts'
import { type Database, DatabaseError } from '../ports/database.ts'
import { openPostgres } from '../postgres/index.ts'
import { eventually, turns } from '../testing/eventually.ts'
import { serverUrl } from '../testing/scratch-postgres.ts'
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
const givenUp = (code: string) => () => {
  throw new DatabaseError('it took too long', code)
}
const slow = givenUp('57014')
/** What somebody else has begun on the same server: until it ends, no position passes what is said meanwhile. */
async function transactionElsewhere(): Promise<void> {
  const other = await openPostgres({ url: serverUrl ?? '', application: 'elsewhere' })
  let isOpen = false
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const ended = other.transaction(async (tx) => {
    await tx.query('set local idle_in_transaction_session_timeout = 0')
    await tx.query('select pg_current_xact_id()')
    isOpen = true
    await released
  })
  onTestFinished(async () => {
    release()
    await ended
    await other.close()
  })
  await eventually(() => isOpen)
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

    it.each([
      ['of what a handler needs', down, 40],
      ['of a server that is too slow for all of them', slow, 40],
      ['of a server that is too slow when little is going on', slow, 2],
    ])('%s makes nothing a dead letter, however long it lasts', async (_, pack, trips) => {
      world = await World.create(database, { acts: { pack } })
      const dead: string[] = []
      const end = listen('comptoir:held', ({ state, key }) => state === 'dead' && dead.push(key))
      await world.begin(trips)
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
      expect(await completed()).toBe(trips)
    })

    it('of a server that is too slow: of the others one is asked, which costs as long as the server lets it', async () => {
      world = await World.create(database, { acts: { pack: slow } })
      await world.begin(10)
      await world.start()
      const alone = () => world.attempts.filter(({ step, sagas }) => step === 'pack' && sagas.length === 1)
      await world.until(() => alone().length > 60)
      const times = grouped(alone(), ({ sagas }) => sagas[0])
      const most = Math.max(...[...times.values()].map((attempts) => attempts.length))
      // The first that waits and one other each time, and now and then the one that is held.
      expect(alone().length).toBeLessThan(3 * most)
    })
  })

  const poisonous = (numbers: readonly number[], fail = down) => ({
    pack({ n }: { n: number }) {
      if (numbers.includes(n)) fail()
      return undefined
    },
  })

  it.each([
    ['by a statement', '57014', undefined],
    ['between two', '25P03', undefined],
    ...(serverUrl ? ([['by a statement, while positions cannot move', '57014', transactionElsewhere]] as const) : []),
  ] as const)(
    'F12, I5: a message that takes too long each time does not stop the mailbox, and is given up while others go on: %s',
    async (_, code, meanwhile) => {
      await meanwhile?.()
      world = await World.create(database, { acts: poisonous([1, 25], givenUp(code)) })
      const [, consumer] = await world.start()
      const ids = await world.begin(30)
      await world.until(async () => (await completed()) === 28)
      const together = world.attempts.filter(({ step, sagas }) => step === 'pack' && sagas.length > 1)
      const inVain = together.filter(({ sagas }) => [0, 24].some((index) => sagas.includes(ids[index] ?? '')))
      expect(inVain.length, 'each costs as long as the server lets it').toBeLessThan(10)
      let next = 31
      await world.until(async () => {
        await world.begin([next++])
        return (await outcomes()).slice(0, 25).filter((outcome) => outcome === 'cancelled').length === 2
      })
      expect((await world.held('b')).map(({ state, settled }) => [state, settled])).toEqual(Array(2).fill(['dead', true]))
      await eventually(() => consumer?.trouble === null)
    },
  )

  describe('three poison messages that fail alike', () => {
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
