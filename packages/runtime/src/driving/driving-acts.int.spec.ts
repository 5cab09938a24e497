import { failed } from '@comptoir/saga'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { OperatorAct } from '../home/operator-acts.ts'
import { pauseSaga, resumeSaga } from '../home/pausing.ts'
import type { Database } from '../ports/database.ts'
import { DrivenWorld, openDrivenWorld, type Style } from '../testing/driven-world.ts'
import { eventually, turns } from '../testing/eventually.ts'
import type { Acts } from '../testing/trip.ts'
import { type CallStep, StepCallError } from './call-driver.ts'
import { cancelDriven } from './driver.ts'
import { retryDriven } from './failed-calls.ts'

let database: Database
let world: DrivenWorld
beforeAll(async () => {
  database = await openDrivenWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

const act = (saga: string, name: OperatorAct['act']): OperatorAct => ({ saga, act: name, reason: null, by: 'Ada' })
const pause = (id: string) => pauseSaga(world.services.orchestrator, act(id, 'pause'))
const resume = (id: string) => resumeSaga(world.services.orchestrator, act(id, 'resume'))
const outcome = async (id: string) => (await world.ends()).get(id)?.outcome ?? null
const hasEnded = async (id: string) => (await outcome(id)) !== null
const row = async () =>
  (await database.query('select step, phase, withheld, due is null as idle, attempts from orchestrator.driving'))[0]
const attention = async (id: string) =>
  (await database.query<{ attention: string | null }>('select attention from orchestrator.saga where id = $1', [id]))[0]
    ?.attention
/** So much time passes that whatever is due is done, and due again. */
async function later(): Promise<void> {
  for (let minute = 0; minute < 20; minute += 1) {
    await world.pass(60_000)
    await eventually(turns(5))
  }
}
const until = (condition: () => Promise<boolean>) =>
  eventually(async () => {
    if (await condition()) return true
    await world.pass(1_000)
    return false
  })

describe('a trip that is driven over messages, paused', () => {
  /** At its second step, whose command is under way. */
  async function atPack(acts: Acts = {}): Promise<string> {
    world = await DrivenWorld.create(database, acts)
    const id = await world.begin('messages', 7)
    await world.deliver('a', await world.mail('a'))
    await world.deliver('orchestrator', await world.mail('orchestrator'))
    return id
  }

  it('takes the answer of the step under way, and sends no next one; its time-out does not fire', async () => {
    const id = await atPack()
    await pause(id)
    await world.start()
    await eventually(async () => (await row())?.step === 'pay')
    await later()
    expect(await row()).toMatchObject({ step: 'pay', phase: 'do', withheld: true })
    expect((await world.mail('b')).map(({ type }) => type)).toEqual(['command:do:pack'])
    await resume(id)
    await eventually(() => hasEnded(id))
    expect([await outcome(id), await world.effects(id)]).toEqual(['completed', ['book', 'leave', 'pack', 'pay']])
  })

  it('turns back when the step under way fails', async () => {
    const id = await atPack({ pack: () => failed('no') })
    await pause(id)
    await world.start()
    await eventually(() => hasEnded(id))
    expect([await outcome(id), await world.effects(id)]).toEqual(['cancelled', ['book', 'unbook']])
  })

  it('has its time-out again when it goes on', async () => {
    const id = await atPack()
    await pause(id)
    await world.deliver('b', await world.mail('b'))
    await world.deliver('orchestrator', (await world.mail('orchestrator')).slice(-1))
    await later()
    await resume(id)
    const due = await database.query(
      'select extract(epoch from due - comptoir.now())::float8 as seconds from orchestrator.driving',
    )
    expect(due).toEqual([{ seconds: 600 }])
  })
})

describe('a trip that is driven by calls, paused', () => {
  it('finishes the call under way and makes no other, by no instance; resumed, it goes on', async () => {
    world = await DrivenWorld.create(database)
    const id = await world.begin('http', 7)
    let asked = 0
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    world
      .callDriver(async (at, call) => {
        asked += 1
        if (call.command.step === 'pack') await gate
        return (await world.calls[at]?.call(call)) ?? Promise.reject(new Error('away'))
      })
      .start()
    await world.pass(10_000)
    await eventually(() => asked === 2)
    await pause(id)
    release()
    await eventually(async () => (await row())?.step === 'pay')
    world.callDriver().start()
    await later()
    expect([await row(), await world.effects(id)]).toEqual([
      { step: 'pay', phase: 'do', withheld: true, idle: true, attempts: 0 },
      ['book', 'pack'],
    ])
    await resume(id)
    await until(() => hasEnded(id))
    expect([await outcome(id), await world.effects(id)]).toEqual(['completed', ['book', 'leave', 'pack', 'pay']])
  })

  it('is not called again while its participant is away, and is not settled', async () => {
    world = await DrivenWorld.create(database)
    const id = await world.begin('http', 7)
    let calls = 0
    let away = true
    world
      .callDriver(async (at, call) => {
        if (call.command.step === 'pay') calls += 1
        if (call.command.step === 'pay' && away) throw new Error('away')
        return (await world.calls[at]?.call(call)) ?? Promise.reject(new Error('away'))
      })
      .start()
    await world.pass(10_000)
    await eventually(() => calls > 1)
    await pause(id)
    await eventually(async () => (await row())?.idle === true)
    await eventually(turns(20))
    const before = calls
    await later()
    expect([calls, await row()]).toEqual([before, { step: 'pay', phase: 'do', withheld: true, idle: true, attempts: 0 }])
    away = false
    await resume(id)
    await until(() => hasEnded(id))
    expect(await outcome(id)).toBe('completed')
  })

  it('is not settled when the call under way turns out to be overdue', async () => {
    world = await DrivenWorld.create(database)
    const id = await world.begin('http', 7)
    let fail: (() => void) | undefined
    world
      .callDriver(async (at, call) => {
        if (call.command.step === 'pay' && !fail) {
          await new Promise((_, reject) => {
            fail = () => reject(new Error('away'))
          })
        }
        return (await world.calls[at]?.call(call)) ?? Promise.reject(new Error('away'))
      })
      .start()
    await world.pass(10_000)
    await eventually(() => fail !== undefined)
    await pause(id)
    await later()
    fail?.()
    await eventually(turns(50))
    expect(await row()).toMatchObject({ step: 'pay', phase: 'do', idle: true })
    await resume(id)
    await until(() => hasEnded(id))
    expect(await outcome(id)).toBe('completed')
  })
})

it.each(['messages', 'http'] satisfies Style[])('%s: a paused trip can be cancelled', async (style) => {
  world = await DrivenWorld.create(database)
  const id = await world.begin(style, 7)
  await pause(id)
  const driver = world.callDriver()
  driver.start()
  await world.start()
  if (style === 'messages') await eventually(async () => (await row())?.step === 'pack')
  expect(await cancelDriven(world.services.orchestrator, id, { step: 'pay', reason: 'cancelled' }, act(id, 'cancel'))).toBe(
    'accepted',
  )
  await eventually(() => hasEnded(id))
  expect(await outcome(id)).toBe('cancelled')
  expect(await database.query('select act from orchestrator.operator_act where saga = $1 order by id', [id])).toEqual([
    { act: 'pause' },
    { act: 'cancel' },
  ])
})

describe('a call that must succeed', () => {
  const answersAnError: CallStep = async (at, call) => {
    try {
      return (await world.calls[at]?.call(call)) ?? Promise.reject(new Error('away'))
    } catch (error) {
      throw new StepCallError((error as Error).message)
    }
  }
  const throws = () => {
    throw new Error('not today')
  }
  const tried = (name: string) => world.attempts.filter(({ step }) => step === name).length
  const cases: [what: string, step: 'unpack' | 'leave', acts: Acts, note: string, effects: string[]][] = [
    ['an undo', 'unpack', { pay: () => failed('no'), unpack: throws }, 'undo of pack', ['book', 'unbook', 'pack', 'unpack']],
    ['a retriable step', 'leave', { leave: throws }, 'do of leave', ['book', 'leave', 'pack', 'pay']],
  ]

  it.each(cases)(
    'F46: %s that is answered with an error as often as it may be needs a person; it goes on when asked to',
    async (_, step, acts, note, effects) => {
      world = await DrivenWorld.create(database, acts)
      const id = await world.begin('http', 7)
      const driver = world.callDriver(answersAnError)
      driver.start()
      await world.pass(10_000)
      await until(async () => (await attention(id)) != null)
      expect(await attention(id)).toBe(`${note}: not today`)
      expect(tried(step)).toBe(8)
      expect((await world.mail('a')).map(({ type }) => type)).toEqual(['SagaNeedsAttention'])
      world.callDriver(answersAnError).start()
      await later()
      expect(tried(step)).toBe(8)

      // Tried in vain, it is given up again; home is told once.
      expect(await retryDriven(world.services.orchestrator, act(id, 'retry'))).toBe(true)
      await until(async () => tried(step) === 16 && (await row())?.idle === true)
      expect((await world.mail('a')).length).toBe(1)
      delete acts[step]
      expect(await retryDriven(world.services.orchestrator, act(id, 'retry'))).toBe(true)
      await until(() => hasEnded(id))
      expect([await attention(id), await world.effects(id)]).toEqual([null, effects])
      expect((await world.mail('a')).map(({ body }) => JSON.parse(body).note === null)).toEqual([false, true])
      expect(await retryDriven(world.services.orchestrator, act(id, 'retry'))).toBe(false)
    },
  )

  it('counts on where the instance stopped that made it', async () => {
    world = await DrivenWorld.create(database, { leave: throws })
    const id = await world.begin('http', 7)
    const first = world.callDriver(answersAnError)
    first.start()
    await world.pass(10_000)
    await until(async () => tried('leave') >= 3)
    await first.stop()
    const before = tried('leave')
    world.callDriver(answersAnError).start()
    await until(async () => (await attention(id)) != null)
    // The last call of the first one may not have been counted.
    expect(tried('leave') - before).toBeLessThan(8)
  })

  it('is called again and again while its participant is not reached: that says nothing about it', async () => {
    world = await DrivenWorld.create(database, { leave: throws })
    const id = await world.begin('http', 7)
    let calls = 0
    world
      .callDriver(async (at, call) => {
        if (call.command.step === 'leave') {
          calls += 1
          throw new Error('connection refused')
        }
        return (await world.calls[at]?.call(call)) ?? Promise.reject(new Error('away'))
      })
      .start()
    await world.pass(10_000)
    await until(async () => calls > 20)
    expect([await attention(id), (await row())?.attempts]).toEqual([null, 0])
  })

  it.each([
    ['compensatable', 'pack', ['book', 'unbook']],
    ['pivot', 'pay', ['book', 'unbook', 'pack', 'unpack']],
  ] as const)('a %s do that only raises is settled when it is overdue, and needs nobody', async (_, step, effects) => {
    world = await DrivenWorld.create(database, { [step]: throws })
    const id = await world.begin('http', 7)
    world.callDriver(answersAnError).start()
    await world.pass(10_000)
    await until(() => hasEnded(id))
    expect([await attention(id), await outcome(id), await world.effects(id)]).toEqual([null, 'cancelled', effects])
  })
})
