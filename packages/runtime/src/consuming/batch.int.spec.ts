import { failed } from '@comptoir/saga'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../ports/database.ts'
import { tripMessage } from '../testing/trip.ts'
import { openWorld, World } from '../testing/world.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

const inbox = (service: string) =>
  database.query(`select step, phase, outcome, data, result, reason, detail from ${service}.inbox order by step, phase`)
const home = () => database.query('select subject, outcome, cause_step, reason, attention from a.saga order by id')
const sent = async (mailbox: string) => (await world.mail(mailbox)).map(({ type, body }) => [type, JSON.parse(body)])

async function run(): Promise<void> {
  await world.start()
  await world.until(() => world.ended())
}

describe('a saga', () => {
  it('runs its steps in order to the end, and each message carries what came before', async () => {
    world = await World.create(database)
    const [id = ''] = await world.begin([7])
    await run()
    expect(world.attempts.map(({ step }) => step)).toEqual(['book', 'pack', 'pay', 'leave'])
    expect(await home()).toEqual([{ subject: '7', outcome: 'completed', cause_step: null, reason: null, attention: null }])
    const known = { input: { n: 7 }, book: { seat: 107 } }
    expect(await sent('b')).toEqual([
      ['Booked', known],
      ['Packed', { ...known, pack: {} }],
    ])
    expect(await sent('feed')).toEqual([['TripEnded', { outcome: 'completed' }]])
    expect((await world.mail('feed')).map(({ key }) => key)).toEqual([id])
  })

  it('stores outcomes and results, and for a compensatable step what its undo reads', async () => {
    world = await World.create(database)
    await world.begin([7])
    await run()
    const nothing = { phase: 'do', outcome: 'done', data: null, result: null, reason: null, detail: null }
    expect(await inbox('a')).toEqual([
      { ...nothing, step: 'book', data: '{"input":{"n":7}}', result: '{"seat":107}' },
      { ...nothing, step: 'leave' },
    ])
    expect(await inbox('b')).toEqual([
      { ...nothing, step: 'pack', data: '{"input":{"n":7},"book":{"seat":107}}' },
      { ...nothing, step: 'pay' },
    ])
  })

  it('I19: turns back in reverse, and every undo knows the cause', async () => {
    world = await World.create(database, { acts: { pay: () => failed('no', 'no credit') } })
    await world.begin([7])
    await run()
    expect(world.attempts.map(({ step }) => step)).toEqual(['book', 'pack', 'pay', 'unpack', 'unbook'])
    expect(await home()).toEqual([{ subject: '7', outcome: 'cancelled', cause_step: 'pay', reason: 'no', attention: null }])
    expect(await sent('feed')).toEqual([['TripEnded', { outcome: 'cancelled', cause: { step: 'pay', reason: 'no' } }]])
    expect(await inbox('b')).toContainEqual({
      step: 'pay',
      phase: 'do',
      outcome: 'failed',
      data: null,
      result: null,
      reason: 'no',
      detail: 'no credit',
    })
  })

  it('that fails at its first step has nothing to undo', async () => {
    world = await World.create(database, { acts: { book: () => failed('no') } })
    await world.begin([7])
    await run()
    expect(world.attempts.map(({ step }) => step)).toEqual(['book'])
    expect(await home()).toMatchObject([{ outcome: 'cancelled', cause_step: 'book' }])
  })
})

describe('a write whose answer nobody waits for', () => {
  afterEach(() => database.script('alter table b.effect drop constraint nobody_pays'))

  it('F12: when it fails, so does the step, and its dead letter says what failed', async () => {
    world = await World.create(database)
    await database.script(`alter table b.effect add constraint nobody_pays check (name <> 'pay')`)
    await world.begin([7])
    await run()
    expect(await world.held('b')).toMatchObject([{ state: 'dead', error: expect.stringContaining('nobody_pays') }])
    expect(world.attempts.slice(-2).map(({ step }) => step)).toEqual(['unpack', 'unbook'])
    expect(await home()).toMatchObject([{ outcome: 'cancelled', cause_step: 'pay' }])
  })
})

describe('messages that come before their time', () => {
  it('F10: an undo before its do leaves a barrier: the late do has no effect, and the saga is cancelled', async () => {
    world = await World.create(database)
    const [id = ''] = await world.begin([7])
    await world.deliver('a', [tripMessage('PackingFailed', id, { cause: { step: 'pack', reason: 'no' } })])
    expect(await home()).toMatchObject([{ outcome: 'cancelled', cause_step: 'pack', reason: 'no' }])
    await world.deliver('a', [tripMessage('TripRequested', id, { input: { n: 7 } })])
    expect(world.attempts).toEqual([])
    expect(await world.mail('b')).toEqual([])
  })

  it('F10: a settle before its do refuses the step and turns back; the late do has no effect', async () => {
    world = await World.create(database)
    const [id = ''] = await world.begin([7])
    await world.deliver('b', [tripMessage('settle:pack', id)])
    await world.deliver('b', [tripMessage('Booked', id, { input: { n: 7 }, book: { seat: 107 } })])
    expect(world.attempts).toEqual([])
    expect((await sent('a')).at(-1)).toEqual(['PackingFailed', { cause: { step: 'pack', reason: 'refused' } }])
    expect(await inbox('b')).toMatchObject([{ step: 'pack', phase: 'do', outcome: 'refused', reason: 'refused' }])
  })

  it('a settle of a done step asks the next one, and the pivot decides', async () => {
    world = await World.create(database)
    const [id = ''] = await world.begin([7])
    await world.deliver('a', [tripMessage('TripRequested', id, { input: { n: 7 } })])
    await world.deliver('a', [tripMessage('settle:book', id)])
    expect((await sent('b')).at(-1)).toEqual(['settle:pack', {}])
  })

  it('a settle of a pivot that is done, or of a retriable step, changes nothing', async () => {
    world = await World.create(database)
    const [id = ''] = await world.begin([7])
    await world.deliver('b', [tripMessage('Packed', id, { input: { n: 7 } })])
    const before = (await world.mail('a')).length
    await world.deliver('b', [tripMessage('settle:pay', id)])
    await world.deliver('a', [tripMessage('settle:leave', id)])
    expect(await world.mail('a')).toHaveLength(before)
    expect(await inbox('a')).toEqual([])
    expect(world.attempts).toEqual([{ step: 'pay', sagas: [id] }])
  })

  it('I19: an undo never runs without its step, and once', async () => {
    world = await World.create(database, { acts: { pack: ({ n }) => (n === 1 ? failed('no') : undefined) } })
    const [one = '', two = ''] = await world.begin([1, 2])
    const undo = (id: string) => tripMessage('PaymentFailed', id, { cause: { step: 'pay', reason: 'no' } })
    await world.deliver('b', [tripMessage('Booked', one, { input: { n: 1 } }), tripMessage('Booked', two, { input: { n: 2 } })])
    await world.deliver('b', [undo(one), undo(two)])
    await world.deliver('b', [undo(one), undo(two)])
    expect(await world.effects(one)).toEqual([])
    expect(await world.effects(two)).toEqual(['pack', 'unpack'])
    expect((await world.mail('a')).filter(({ key, type }) => key === two && type === 'Unpacked')).toHaveLength(1)
  })
})

it('F9: an end that comes again, or after another, changes nothing', async () => {
  world = await World.create(database)
  const [id = ''] = await world.begin([7])
  for (const type of ['Left', 'Left', 'Unbooked']) await world.deliver('a', [tripMessage(type, id)])
  expect(await home()).toMatchObject([{ outcome: 'completed' }])
  expect(await sent('feed')).toEqual([['TripEnded', { outcome: 'completed' }]])
})

describe('the inbox', () => {
  it('F28: is each consumer’s own: one event handled by two services, by each once', async () => {
    world = await World.create(database)
    const [id = ''] = await world.begin([7])
    const event = { ...tripMessage('Noted', id, { n: 1 }), definition: null, id: '01b92571-ea00-7000-8000-000000000001' }
    for (const name of ['a', 'b', 'a', 'b'] as const) await world.deliver(name, [event])
    expect(await world.effects(id)).toEqual(['Noted', 'Noted'])
  })

  it('F15: a result that is too large for the next message fails before anything is written', async () => {
    world = await World.create(database)
    const [id = ''] = await world.begin([7])
    const large = tripMessage('Booked', id, { input: { n: 7 }, large: 'x'.repeat(65_000) })
    await expect(world.deliver('b', [large])).rejects.toThrow(/65\d+ bytes of data, at most 64512 fit/)
    expect(await world.effects()).toEqual([])
    expect(await inbox('b')).toEqual([])
  })

  it('an answer short of an outcome is refused, with nothing written', async () => {
    world = await World.create(database)
    const [id = ''] = await world.begin([7])
    const service = world.services.b
    const item = service.routing.item(tripMessage('Booked', id, { input: { n: 7 } }))
    if (item.kind !== 'step') throw new Error('not a step')
    const forgetful = { ...item, handler: { ...item.handler, do: async () => [] } }
    const { handleBatch } = await import('./batch.ts')
    const attempt = service.commit((unit) => handleBatch(unit, service, [forgetful]), 'work.beforeCommit', 'work.afterCommit')
    await expect(attempt).rejects.toThrow('step pack answered 0 outcomes for 1 tasks: answer one each, in the same order')
    expect(await inbox('b')).toEqual([])
  })
})
