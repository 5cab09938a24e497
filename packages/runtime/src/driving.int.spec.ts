import { failed } from '@comptoir/saga'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CallStep } from './call-driver.ts'
import type { Database } from './ports/database.ts'
import { DrivenWorld, openDrivenWorld, type Style, styles } from './testing/driven-world.ts'
import { eventually } from './testing/eventually.ts'

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
