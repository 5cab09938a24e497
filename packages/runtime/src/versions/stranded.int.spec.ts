import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Diagnostics, listen } from '../diagnostics.ts'
import type { Database } from '../ports/database.ts'
import { Service } from '../service.ts'
import { DrivenWorld, openDrivenWorld } from '../testing/driven-world.ts'
import { trip } from '../testing/trip.ts'
import { beginTwo, codeOf, tripTwo } from '../testing/trip-two.ts'
import { openWorld, World } from '../testing/world.ts'
import { recordDeclarations } from './declarations.ts'
import { refuseStranded, StrandedSagasError, surveySagas } from './stranded.ts'

let database: Database
let world: World
const told: Diagnostics['comptoir:unknown'][] = []
let deaf = () => {}
beforeAll(async () => {
  database = await openWorld()
})
beforeEach(async () => {
  world = await World.create(database)
  for (const name of ['a', 'b']) await database.query(`delete from ${name}.declaration`)
  told.length = 0
  deaf = listen('comptoir:unknown', (message) => told.push(message))
})
afterEach(() => {
  deaf()
  return world.stop()
})
afterAll(() => database.close())

const schemas = ['a', 'b']
const code = (...versions: (1 | 2)[]) => [codeOf(world, 'a', versions), codeOf(world, 'b', versions)] as const
/** A start of all services of some code, or of those that are named. */
async function start(services: readonly Service[], served = services): Promise<void> {
  await refuseStranded(database, { schemas, code: services, served })
  for (const { name, routing } of served) await recordDeclarations(database, name, routing.sagas)
}
const refusal = (services: readonly Service[], served = services): Promise<string> =>
  start(services, served).then(
    () => 'started',
    (error: unknown) => {
      if (!(error instanceof StrandedSagasError)) throw error
      return error.message
    },
  )
/** The open sagas of a declaration become those of another. */
const pretend = (declaration: string, of: string = trip.id) =>
  database.query('update a.saga set definition = $1 where definition = $2', [declaration, of])

describe('F26: a start is refused that would strand open sagas', () => {
  it('of a version that was removed: it says how many, names five, what has changed and the cure', async () => {
    await start(code(1))
    const ids = await world.begin(7)
    const named = ids.slice(0, 5).map((id, index) => `${id} (${index + 1})`)
    expect(await refusal(code(2))).toBe(
      `nothing was started, because open sagas would be stranded:
- ${trip.id} has 7 open sagas at a: ${named.join(', ')}, and 2 more; this code has version 2 instead (step insure was added): keep the old declaration in the lists of a and b until these sagas have ended
Or start the code again that knows them, and let it end or cancel them first.`,
    )
    expect(await refusal(code(1, 2))).toBe('started')
    expect(told).toEqual([])
  })

  it('of a version that was changed in place', async () => {
    await start(code(1))
    const [id = ''] = await world.begin(1)
    // What was version 1 with other steps is now in the code as it is.
    await pretend('Trip/1/0123456789abcdef')
    await database.query(
      `update a.declaration set id = 'Trip/1/0123456789abcdef', parts = replace(parts, '"at":"b"', '"at":"a"') where id = $1`,
      [trip.id],
    )
    expect(await refusal(code(1, 2))).toContain(
      `- Trip/1/0123456789abcdef has 1 open saga at a: ${id} (1); this code has version 1 changed in place (at of step pack was a and is b, at of step pay was a and is b): raise its version, and keep the old declaration in the lists of a until`,
    )
    await database.query('delete from a.declaration')
    expect(await refusal(code(1))).toContain('changed in place (what it was, no start has recorded)')
  })

  it('of a name that was removed', async () => {
    await start(code(1))
    await world.begin(1)
    expect(await refusal(code())).toMatch(
      new RegExp(`^- ${trip.id} has 1 open saga at a: .*; this code declares no saga Trip: keep .* of a and b until`, 'm'),
    )
  })

  it('at a participant that has lost its part, and not at others', async () => {
    await start(code(1, 2))
    await world.begin(1)
    const [a, b] = [codeOf(world, 'a', [1]), codeOf(world, 'b', [])]
    expect(await refusal([a, b])).toContain('this code declares it, but not to b: add it to the lists there')
    expect(await refusal([a, b], [b])).toContain('but not to b')
    expect(await refusal([a, b], [a])).toBe('started')
    expect(await refusal(code(2), [codeOf(world, 'b', [2])])).toContain('in the lists of b until')
  })

  it('says of each declaration of its own', async () => {
    await start(code(1, 2))
    await world.begin(2)
    await beginTwo(codeOf(world, 'a', [2]), 3)
    const error = await start(code()).catch((reason: unknown) => reason as StrandedSagasError)
    expect((error as StrandedSagasError).stranded).toEqual([
      expect.objectContaining({ declaration: trip.id, keeper: 'a', count: 2 }),
      expect.objectContaining({ declaration: tripTwo.id, keeper: 'a', count: 3 }),
    ])
  })
})

describe('F26: a driver', () => {
  it('is refused a start that would strand what it drives, and its home is not', async () => {
    const own = await openDrivenWorld()
    const driven = await DrivenWorld.create(own)
    for (const style of ['messages', 'http'] as const) await driven.begin(style, 1)
    const { a, b, orchestrator } = driven.services
    const look = { schemas: ['a', 'b', 'orchestrator'], served: [a, b, orchestrator] }
    await refuseStranded(own, { ...look, code: look.served })
    const idle = new Service({ ...orchestrator.ports, epoch: 1, name: 'orchestrator', participants: [] })
    const code = [a, b, idle]
    await expect(refuseStranded(own, { ...look, code, served: code })).rejects.toThrow(
      /^- Trip\/1\/\w+ has 2 open sagas at orchestrator: .* but not to orchestrator: add it/m,
    )
    await refuseStranded(own, { ...look, code, served: [a, b] })
    await own.close()
  })
})

describe('F26: a start is allowed', () => {
  it('while newer code is rolled out and has begun sagas already: it says that they are open', async () => {
    await start(code(1, 2))
    await beginTwo(codeOf(world, 'a', [1, 2]), 3)
    await world.start(...code(1))
    await world.until(async () => (await world.held('a')).length === 3)
    await world.stop()
    expect(await refusal(code(1))).toBe('started')
    expect(told).toEqual([{ service: 'a', declaration: tripTwo.id, sagas: 3 }])
  })

  it('for versions above all that it knows only', async () => {
    await beginTwo(codeOf(world, 'a', [2]), 1)
    await pretend('Trip/3/0123456789abcdef', tripTwo.id)
    expect(await refusal(code(1, 2))).toBe('started')
    await pretend('Trip/0/0123456789abcdef', 'Trip/3/0123456789abcdef')
    expect(await refusal(code(1, 2))).toContain('this code has version 1 instead')
    await pretend('Trip/2/0123456789abcdef', 'Trip/0/0123456789abcdef')
    expect(await refusal(code(1, 2))).toContain('this code has version 2 changed in place')
  })

  it('when a version was changed or removed whose sagas have all ended', async () => {
    await start(code(1))
    await world.begin(2)
    await world.start(...code(1))
    await world.until(() => world.ended())
    await world.stop()
    expect(await refusal(code(2))).toBe('started')
    expect(await refusal(code())).toBe('started')
  })

  it('where what other code awaits is a participant with a database of its own: it says so', async () => {
    await world.begin(2)
    await world.start(code(1)[0], codeOf(world, 'b', [2]))
    await world.until(async () => (await world.held('b')).length === 2)
    await world.stop()
    const b = codeOf(world, 'b', [2])
    await refuseStranded(database, { schemas: ['b'], code: [b], served: [b] })
    expect(told).toEqual([{ service: 'b', declaration: trip.id, sagas: 2 }])
  })
})

it('F26: a declaration is kept once, however many start at once, as it was the first time', async () => {
  const [a] = code(1, 2)
  await Promise.all(Array.from({ length: 20 }, () => recordDeclarations(database, 'a', a.routing.sagas)))
  await world.pass(60_000)
  await recordDeclarations(database, 'a', [...a.routing.sagas].reverse())
  const rows = await database.query(
    'select id, name, version, first_used_at < comptoir.now() as before from a.declaration order by id',
  )
  expect(rows).toEqual([trip, tripTwo].map(({ id, name, version }) => ({ id, name, version, before: true })))
})

it('a survey is a look: it works in a transaction that may only read, and of a database that recorded nothing', async () => {
  await world.begin(1)
  const [a, b] = code(2)
  const survey = await database.transaction(async (tx) => {
    await tx.query('set transaction read only')
    return surveySagas(tx, { schemas, code: [a, b], served: [a, b] })
  })
  expect(survey).toEqual([
    { declaration: trip.id, keeper: 'a', count: 1, fate: 'stranded', text: expect.stringContaining('no start has recorded') },
  ])
})
