import { failed } from '@comptoir/saga'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '../diagnostics.ts'
import { type Database, DatabaseError } from '../ports/database.ts'
import { eventually, turns } from '../testing/eventually.ts'
import type { Acts } from '../testing/trip.ts'
import { eachWay, openWorld, World } from '../testing/world.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

const throws = () => {
  throw new Error('not today')
}
const saga = async () => (await database.query('select outcome, cause_step, reason, attention from a.saga'))[0]
const free = async (name: string) => (await database.query(`select from ${name}.held_key`)).length === 0
const numbers = (name: string) => world.attempts.filter(({ step }) => step === name).length

/** One trip whose message is held at that service because its handler throws. */
async function heldAt(service: 'a' | 'b', acts: Acts): Promise<string> {
  world = await World.create(database, { acts })
  const [id = ''] = await world.begin([7])
  await world.start()
  await eventually(async () => (await world.held(service)).length === 1)
  // What has not been passed is read again after a trouble, and once more by the next start.
  await world.caughtUp()
  return id
}

/** The same, and one more of its key that waits behind it. */
async function heldWithOneBehind(): Promise<string> {
  const id = await heldAt('b', { pack: throws })
  await world.note('b', [id])
  await eventually(async () => (await world.held('b')).length === 2)
  return id
}

eachWay(() => {
  describe('a held message', () => {
    it('is tried again when it is due, each time later, and not before', async () => {
      const id = await heldAt('b', { pack: throws })
      const due = async () => {
        const [row] = await database.query<{ ms: number }>(
          'select (extract(epoch from due - comptoir.now()) * 1000)::float8 as ms from b.held_message',
        )
        return row?.ms ?? 0
      }
      // 50 ms doubled with each attempt, three quarters of it with this chance.
      for (const [failures, wait] of [75, 150, 300, 600].entries()) {
        await eventually(async () => (await world.held('b'))[0]?.attempts === failures + 1 && (await due()) > 0)
        expect(await due()).toBeCloseTo(wait, 0)
        await world.pass(wait - 1)
        const before = numbers('pack')
        await eventually(turns(20))
        expect(numbers('pack')).toBe(before)
        await world.pass(2)
      }
      delete world.acts.pack
      await world.until(() => world.ended())
      expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
      await eventually(() => free('b'))
    })

    it('lets others of its key wait behind it, and they follow in order', async () => {
      const seen: number[] = []
      const id = await heldAt('b', {
        pack: throws,
        Noted({ n }) {
          seen.push(n)
          return undefined
        },
      })
      await world.note('b', [id, id, id])
      await eventually(async () => (await world.held('b')).length === 4)
      expect((await world.held('b')).map(({ type, state }) => [type, state])).toEqual([
        ['Booked', 'retry'],
        ['Noted', 'parked'],
        ['Noted', 'parked'],
        ['Noted', 'parked'],
      ])
      expect(seen).toEqual([])
      delete world.acts.pack
      await world.until(() => world.ended())
      await eventually(() => free('b'))
      expect(seen).toEqual([1, 2, 3])
      const names = await database.query<{ name: string }>('select name from b.effect order by n')
      expect(names.map(({ name }) => name)).toEqual(['pack', 'Noted', 'Noted', 'Noted', 'pay'])
    })

    it('does not hold back the undo and the settle of its key: they go first, and it has no effect any more', async () => {
      const id = await heldAt('b', { pack: throws })
      await world.send('b', 'settle:pack', id)
      await eventually(() => world.ended())
      expect(await world.held('b')).toMatchObject([{ type: 'Booked', state: 'retry' }])
      delete world.acts.pack
      await world.until(() => free('b'))
      expect(await world.effects(id)).toEqual(['book', 'unbook'])
    })

    it('F22: loses no attempt to a database in trouble', async () => {
      const id = await heldAt('b', { pack: throws })
      world.acts.pack = () => {
        throw new DatabaseError('made to fail', '08006')
      }
      await world.until(() => numbers('pack') > 20)
      await world.stop()
      expect(await world.held('b')).toMatchObject([{ state: 'retry', attempts: 1 }])
      delete world.acts.pack
      await world.start()
      await world.until(() => world.ended())
      expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
    })

    it('is found by the next start, with what is behind it', async () => {
      const id = await heldWithOneBehind()
      await world.stop()
      delete world.acts.pack
      await world.start()
      await world.until(() => world.ended())
      await world.until(() => free('b'))
      expect((await world.effects(id)).sort()).toEqual(['Noted', 'book', 'leave', 'pack', 'pay'])
    })

    it('F9: waits once, with what is behind it, however often both are brought', async () => {
      const id = await heldWithOneBehind()
      await world.caughtUp()
      await world.stop()
      for (const service of ['a', 'b']) await database.query(`update ${service}.position set epoch = 0, txid = '0', pos = 0`)
      await world.start()
      await world.note('b', [id])
      await eventually(async () => (await world.held('b')).length > 2)
      expect((await world.held('b')).map(({ type }) => type)).toEqual(['Booked', 'Noted', 'Noted'])
    })

    it('F3: handled just before the process died, does not leave the messages behind it for ever', async () => {
      const id = await heldWithOneBehind()
      await world.caughtUp()
      await world.stop()
      // As committed by the process that died before it looked at the next one.
      await database.query(`delete from b.held_message where state = 'retry'`)
      await world.start()
      await world.until(() => free('b'))
      expect(await world.effects(id)).toEqual(['book', 'Noted'])
    })

    it('F8: that kills the process each time it is tried is given up', async () => {
      const id = await heldAt('b', { pack: throws })
      await world.stop()
      // Every start was counted before it; none was finished.
      await database.query('update b.held_message set attempts = 8, due = comptoir.now()')
      const before = numbers('pack')
      await world.start()
      await world.until(() => world.ended())
      expect(numbers('pack')).toBe(before)
      expect(await world.effects(id)).toEqual(['book', 'unbook'])
      expect(await saga()).toMatchObject({ outcome: 'cancelled', reason: 'error' })
    })
  })

  describe('attempts that are exhausted', () => {
    it.each([
      ['compensatable', 'pack', ['book', 'unbook']],
      ['pivot', 'pay', ['book', 'unbook', 'pack', 'unpack']],
    ] as const)('F12: of a %s step refuse it: a dead letter, and the saga turns back', async (_, step, effects) => {
      const id = await heldAt('b', { [step]: throws })
      await world.until(() => world.ended())
      expect(await saga()).toEqual({ outcome: 'cancelled', cause_step: step, reason: 'error', attention: null })
      expect(await world.held('b')).toMatchObject([{ state: 'dead', settled: true, attempts: 8, error: 'Error: not today' }])
      expect(await world.effects(id)).toEqual(effects)
      expect(
        await database.query(`select outcome, reason, detail from b.inbox where step = $1 and phase = 'do'`, [step]),
      ).toEqual([{ outcome: 'refused', reason: 'error', detail: 'Error: not today' }])
      await eventually(() => free('b'))
    })

    it.each([
      ['an undo away from home', 'b', 'unpack', 'undo of pack'],
      ['an undo at home', 'a', 'unbook', 'undo of book'],
      ['a retriable step at home', 'a', 'leave', 'do of leave'],
    ] as const)('F46: of %s need a person; the saga never shows an end', async (_, service, name, note) => {
      const dead: string[] = []
      const end = listen('comptoir:held', ({ state, key }) => state === 'dead' && dead.push(key))
      const id = await heldAt(service, { [name]: throws, ...(name === 'leave' ? {} : { pay: () => failed('no') }) })
      await world.until(async () => (await saga())?.attention !== null)
      // It is told when its transaction has been answered, which others may see before.
      await eventually(() => dead.length > 0)
      end()
      expect(dead).toEqual([id])
      expect(await saga()).toEqual({ outcome: null, cause_step: null, reason: null, attention: `${note}: Error: not today` })
      expect(await world.held(service)).toMatchObject([{ state: 'dead', settled: false }])
      const tried = numbers(name)
      await world.pass(3_600_000)
      await eventually(turns(50))
      expect(numbers(name)).toBe(tried)
      expect(await world.ended()).toBe(false)
    })
  })

  describe('a replay', () => {
    const ask = (service: string, times = 1) =>
      database.query(
        `insert into ${service}.replay_request (held_message, requested_by)
         select id, 'Ada' from ${service}.held_message, generate_series(1, $1::int) where state = 'dead'`,
        [times],
      )
    const requests = (service: string) =>
      database.query<{ requested_by: string; performed: boolean }>(
        `select requested_by, performed_at is not null as performed from ${service}.replay_request order by id`,
      )

    it.each([
      ['b', 'unpack', ['book', 'unbook', 'pack', 'unpack']],
      ['a', 'unbook', ['book', 'unbook', 'pack', 'unpack']],
      ['a', 'leave', ['book', 'leave', 'pack', 'pay']],
    ] as const)(
      'F50: at %s of %s has its effect once however often it is asked for, and clears the attention',
      async (service, name, effects) => {
        const id = await heldAt(service, { [name]: throws, ...(name === 'leave' ? {} : { pay: () => failed('no') }) })
        await world.until(async () => (await saga())?.attention !== null)
        delete world.acts[name]
        await ask(service, 2)
        await world.until(() => world.ended())
        await world.until(async () => (await saga())?.attention === null)
        expect(await world.effects(id)).toEqual(effects)
        expect(await requests(service)).toEqual([
          { requested_by: 'Ada', performed: true },
          { requested_by: 'Ada', performed: true },
        ])
        expect(await world.held(service)).toEqual([])
        await world.until(() => free(service))
      },
    )

    it('that fails again is dead again, and others of the key still wait', async () => {
      const id = await heldAt('a', { leave: throws })
      await world.until(async () => (await saga())?.attention !== null)
      await world.note('a', [id])
      await eventually(async () => (await world.held('a')).length === 2)
      const before = numbers('leave')
      await ask('a')
      await world.until(async () => numbers('leave') === before + 8 && (await world.held('a'))[0]?.state === 'dead')
      expect((await world.held('a')).map(({ type, state }) => [type, state])).toEqual([
        ['Paid', 'dead'],
        ['Noted', 'parked'],
      ])
    })

    it('F27, F50: of a letter whose saga has turned back has no effect, even when the inbox has forgotten it', async () => {
      const id = await heldAt('b', { pay: throws })
      await world.until(() => world.ended())
      delete world.acts.pay
      await world.caughtUp()
      await world.stop()
      await database.query('delete from b.inbox')
      await ask('b')
      await world.start()
      await world.until(async () => (await requests('b')).every(({ performed }) => performed))
      await eventually(turns(50))
      expect(await world.effects(id)).toEqual(['book', 'unbook', 'pack', 'unpack'])
      expect(await world.held('b')).toMatchObject([{ state: 'dead', settled: true }])
    })
  })
})
