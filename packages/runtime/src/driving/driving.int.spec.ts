import { failed } from '@comptoir/saga'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../ports/database.ts'
import { DrivenWorld, openDrivenWorld, type Style, styles } from '../testing/driven-world.ts'
import { eventually, turns } from '../testing/eventually.ts'
import { tripMessage } from '../testing/trip.ts'
import type { CallStep } from './call-driver.ts'
import { cancelDriven } from './driver.ts'

let database: Database
let world: DrivenWorld
beforeAll(async () => {
  database = await openDrivenWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

const ended = async (id: string) => {
  await eventually(async () => (await world.ends()).get(id)?.outcome != null)
  return (await world.ends()).get(id)
}

/** Begins a trip and drives it. */
async function run(style: Style, n: number): Promise<string> {
  const id = await world.begin(style, n)
  if (style === 'http') await drive(id)
  return id
}

async function drive(id: string, call?: CallStep): Promise<void> {
  const driver = world.callDriver(call)
  driver.start()
  await world.pass(10_000)
  await eventually(async () => (await world.ends()).get(id)?.outcome != null)
}

describe.each(styles)('a trip, %s', (style) => {
  it('runs to its end', async () => {
    world = await DrivenWorld.create(database)
    await world.start()
    const id = await run(style, 7)
    expect(await ended(id)).toEqual({ outcome: 'completed', cause_step: null, reason: null, subject: '7' })
    expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
    expect(await database.query('select from orchestrator.driving')).toEqual([])
  })

  it.each([
    ['book', []],
    ['pack', ['book', 'unbook']],
    ['pay', ['book', 'unbook', 'pack', 'unpack']],
  ] as const)('I19: turns back when %s fails', async (step, effects) => {
    world = await DrivenWorld.create(database, { [step]: () => failed('no') })
    await world.start()
    const id = await run(style, 7)
    expect(await ended(id)).toMatchObject({ outcome: 'cancelled', cause_step: step, reason: 'no' })
    expect(await world.effects(id)).toEqual(effects)
  })
})

describe('a trip that is driven over messages', () => {
  it('F40: takes each answer once, and none that nobody awaits', async () => {
    world = await DrivenWorld.create(database)
    const id = await world.begin('messages', 7)
    const book = { step: 'book', phase: 'do', outcome: 'done', result: { seat: 107 } }
    const sent = async () => (await world.mail('b')).map(({ type, body }) => [type, JSON.parse(body)])
    for (let time = 0; time < 3; time++) await world.deliver('orchestrator', [tripMessage('answer:do:book', id, book)])
    await world.deliver('orchestrator', [
      tripMessage('answer:do:pay', id, { step: 'pay', phase: 'do', outcome: 'done', result: {} }),
    ])
    expect(await sent()).toEqual([['command:do:pack', { input: { n: 7 }, book: { seat: 107 } }]])
    expect((await world.ends()).get(id)).toMatchObject({ outcome: null, subject: '7' })
  })

  it('F40: a participant has an effect once, and answers as often as it is asked', async () => {
    world = await DrivenWorld.create(database, { pack: () => failed('no') })
    const id = await world.begin('messages', 7)
    const asked = tripMessage('command:do:book', id, { input: { n: 7 } })
    for (let time = 0; time < 3; time++) await world.deliver('a', [asked])
    const packing = tripMessage('command:do:pack', id, { input: { n: 7 }, book: { seat: 107 } })
    for (let time = 0; time < 2; time++) await world.deliver('b', [packing])
    const cause = { step: 'pack', reason: 'no' }
    for (let time = 0; time < 2; time++) await world.deliver('a', [tripMessage('command:undo:book', id, { cause })])
    expect(await world.effects(id)).toEqual(['book', 'unbook'])
    expect((await world.mail('orchestrator')).map(({ body }) => JSON.parse(body))).toEqual([
      ...Array(3).fill({ step: 'book', phase: 'do', outcome: 'done', result: { seat: 107 } }),
      ...Array(2).fill({ step: 'book', phase: 'undo', outcome: 'undone' }),
      ...Array(2).fill({ step: 'pack', phase: 'do', outcome: 'failed', cause }),
    ])
  })

  it('F10: a settle before its do leaves a barrier, and answers that the step was refused', async () => {
    world = await DrivenWorld.create(database)
    const id = await world.begin('messages', 7)
    await world.deliver('b', [tripMessage('command:settle:pack', id, {})])
    await world.deliver('b', [tripMessage('command:do:pack', id, { input: { n: 7 }, book: { seat: 107 } })])
    const refused = { step: 'pack', outcome: 'refused', cause: { step: 'pack', reason: 'refused' } }
    expect((await world.mail('orchestrator')).map(({ body }) => JSON.parse(body))).toEqual([
      { ...refused, phase: 'settle' },
      { ...refused, phase: 'do' },
    ])
    expect(world.attempts).toEqual([])
  })

  it('is settled when a step is overdue, and asked nothing before', async () => {
    world = await DrivenWorld.create(database)
    const [, b] = world.consumers
    await world.start()
    await b?.stop()
    const id = await world.begin('messages', 7)
    await eventually(async () => (await world.mail('b')).length === 1)
    await world.pass(24 * 3_600_000)
    // pack declares no time-out: it is waited for.
    await world.deliver('b', await world.mail('b'))
    await eventually(async () => (await world.mail('b')).length === 2)
    await world.pass(599_000)
    expect((await world.mail('b')).map(({ type }) => type)).toEqual(['command:do:pack', 'command:do:pay'])
    await world.pass(2_000)
    const control = async () => (await world.mail('b.control')).map(({ type }) => type)
    await eventually(async () => (await control()).length === 1)
    expect(await control()).toEqual(['command:settle:pay'])
    await world.deliver('b', await world.mail('b.control'))
    await eventually(async () => (await control()).length === 2)
    await world.deliver('b', (await world.mail('b.control')).slice(-1))
    expect(await ended(id)).toMatchObject({ outcome: 'cancelled', cause_step: 'pay', reason: 'refused' })
  })

  it('whose step cannot be handled turns back, and the letter says why', async () => {
    world = await DrivenWorld.create(database, {
      pay() {
        throw new Error('no such bank')
      },
    })
    await world.start()
    const id = await world.begin('messages', 7)
    await eventually(async () => {
      await world.pass(1_000)
      return (await world.ends()).get(id)?.outcome != null
    })
    expect((await world.ends()).get(id)).toMatchObject({ outcome: 'cancelled', cause_step: 'pay', reason: 'error' })
    expect(await world.effects(id)).toEqual(['book', 'unbook', 'pack', 'unpack'])
  })
})

describe('a wish to cancel', () => {
  const wish = { step: 'pay', reason: 'cancelled' }

  it('wins before the pivot is done, and what was done is undone', async () => {
    world = await DrivenWorld.create(database)
    const id = await world.begin('messages', 7)
    await world.deliver('a', await world.mail('a'))
    await world.deliver('orchestrator', await world.mail('orchestrator'))
    expect(await cancelDriven(world.services.orchestrator, id, wish)).toBe('accepted')
    expect(await cancelDriven(world.services.orchestrator, id, wish)).toBe('joined')
    await world.start()
    expect(await ended(id)).toMatchObject({ outcome: 'cancelled', reason: 'cancelled' })
    // The step that waited is refused: what settles it goes first.
    expect(await world.effects(id)).toEqual(['book', 'unbook'])
  })

  it('loses against a pivot that is done: the trip goes on', async () => {
    world = await DrivenWorld.create(database)
    const id = await world.begin('messages', 7)
    for (const name of ['a', 'orchestrator', 'b', 'orchestrator', 'b'] as const)
      await world.deliver(name, (await world.mail(name)).slice(-1))
    expect(await world.effects(id)).toEqual(['book', 'pack', 'pay'])
    expect(await cancelDriven(world.services.orchestrator, id, wish)).toBe('accepted')
    await world.start()
    expect(await ended(id)).toMatchObject({ outcome: 'completed' })
    expect(await cancelDriven(world.services.orchestrator, id, wish)).toBe('unknown')
  })
})

describe('a trip that is driven by calls', () => {
  it('F40: is called again when the answer is lost, with one effect', async () => {
    world = await DrivenWorld.create(database)
    const id = await world.begin('http', 7)
    let calls = 0
    await drive(id, async (at, call) => {
      const answer = await world.calls[at]?.call(call)
      calls += 1
      if (calls % 2 === 1 || !answer) throw new Error('the line broke')
      return answer
    })
    expect(calls).toBe(8)
    expect(await ended(id)).toMatchObject({ outcome: 'completed' })
    expect(await world.effects(id)).toEqual(['book', 'leave', 'pack', 'pay'])
  })

  it('F36: is settled when its step is overdue, and a step that was never reached is refused', async () => {
    world = await DrivenWorld.create(database)
    const id = await world.begin('http', 7)
    const asked: string[] = []
    const driver = world.callDriver(async (at, call) => {
      asked.push(`${call.command.phase} ${call.command.step}`)
      if (call.command.step === 'pay' && call.command.phase === 'do') throw new Error('payments are away')
      return (await world.calls[at]?.call(call)) ?? Promise.reject(new Error(`${at} is away`))
    })
    driver.start()
    await eventually(async () => {
      await world.pass(10_000)
      return (await world.ends()).get(id)?.outcome != null
    })
    expect([...new Set(asked)]).toEqual(['do book', 'do pack', 'do pay', 'settle pay', 'undo pack', 'undo book'])
    expect(await ended(id)).toMatchObject({ outcome: 'cancelled', cause_step: 'pay', reason: 'refused' })
    expect(await world.effects(id)).toEqual(['book', 'unbook', 'pack', 'unpack'])
  })

  it('F3: is gone on with by another instance when the one that drove it is dead, and not before', async () => {
    world = await DrivenWorld.create(database)
    const id = await world.begin('http', 7)
    const second = world.callDriver()
    second.start()
    await world.pass(4_000)
    await eventually(turns(20))
    expect(world.attempts).toEqual([])
    await world.pass(2_000)
    expect(await ended(id)).toMatchObject({ outcome: 'completed' })
  })

  it('F47: is driven to one end by two instances that both think it is theirs', async () => {
    world = await DrivenWorld.create(database, { pay: () => failed('no') })
    const id = await world.begin('http', 7)
    for (let instance = 0; instance < 2; instance++) world.callDriver().start()
    await world.pass(10_000)
    await eventually(async () => {
      await world.pass(6_000)
      return (await world.ends()).get(id)?.outcome != null
    })
    expect(await world.effects(id)).toEqual(['book', 'unbook', 'pack', 'unpack'])
  })
})
