import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { listen } from '../diagnostics.ts'
import type { Database } from '../ports/database.ts'
import { eventually, turns } from '../testing/eventually.ts'
import { trip } from '../testing/trip.ts'
import { openWorld, World } from '../testing/world.ts'
import { raiseEpoch } from './epoch.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
afterEach(() => world.stop())
afterAll(() => database.close())

const raise = () => raiseEpoch(database, ['a', 'b'])
const moved = () => database.query(`update comptoir.epoch set system_identifier = 'another server'`)
/** A row of the log whose transaction is that many after the one that writes it. */
const rowAhead = (by: number) =>
  database.query(
    `insert into b.log (mailbox, epoch, txid, key, type, body)
     select 'a', $1, (pg_current_xact_id()::text::bigint + $2)::text::xid8, gen_random_uuid(), 'Said', '{}'`,
    [world.epoch, by],
  )

const positionAhead = (by: number) =>
  database.query(
    `update a.position set epoch = $1, txid = (pg_current_xact_id()::text::bigint + $2)::text::xid8 where source = 'b'`,
    [world.epoch, by],
  )

describe('F51: the epoch', () => {
  it('stays what it is on the same server', async () => {
    world = await World.create(database)
    await world.begin(3)
    await world.start()
    await eventually(() => world.ended())
    await world.stop()
    expect(await raise()).toBe(world.epoch)
    await rowAhead(0)
    expect(await raise()).toBe(world.epoch)
  })

  it.each([
    ['the server is another', moved],
    [
      'the database is another on the same server',
      () => database.query(`update comptoir.epoch set system_identifier = replace(system_identifier, '/', '/1')`),
    ],
    ['its timeline is another', () => database.query('update comptoir.epoch set timeline = timeline + 1')],
    ['a row of the log is ahead of the server', () => rowAhead(1_000)],
    ['a row of the log is of the very next transaction', () => rowAhead(1)],
    ['a position is ahead of the server, though the log is empty', () => positionAhead(1_000)],
    ['a position is of the very next transaction', () => positionAhead(1)],
  ])('is raised when %s, once, and every consumer reads again from the beginning', async (_, restore) => {
    world = await World.create(database)
    await world.begin(1)
    await world.start()
    await eventually(() => world.ended())
    await world.stop()
    await eventually(async () => {
      await restore()
      const epoch = await raise()
      expect([world.epoch, world.epoch + 1]).toContain(epoch)
      // Another database of this server may have begun the very next transaction in between: then nothing is ahead.
      return epoch > world.epoch
    })
    expect(await raise()).toBe(world.epoch + 1)
    expect(
      await database.query(
        'select distinct epoch, txid, pos from (select * from a.position union all select * from b.position) as p',
      ),
    ).toEqual([{ epoch: 0, txid: '0', pos: 0 }])
  })

  it('F6: when it is raised, whoever still reads by the old one is fenced', async () => {
    world = await World.create(database)
    const [consumer] = await world.start(world.services.a)
    await moved()
    await raise()
    await world.begin(1)
    await eventually(() => consumer?.trouble != null)
    expect(await database.query(`select distinct epoch, txid from a.position`)).toEqual([{ epoch: 0, txid: '0' }])
  })

  it('I9: after it is raised everything is read again, with no second effect, and new sagas run', async () => {
    world = await World.create(database)
    const old = await world.begin(20)
    await world.start()
    await eventually(() => world.ended())
    await world.stop()
    await moved()
    const epoch = await raise()
    let read = 0
    const end = listen('comptoir:batch', ({ messages }) => {
      read += messages
    })
    const [a, b] = [world.service('a', { epoch }), world.service('b', { epoch })]
    await world.start(a, b)
    const id = a.ports.ids.uuid()
    await a.transaction(async (unit) => unit.begin(trip, [{ id, input: { n: 1 } }]))
    await eventually(() => world.ended())
    await eventually(() => read === 21 * 4)
    end()
    for (const saga of [...old, id]) expect(await world.effects(saga)).toEqual(['book', 'leave', 'pack', 'pay'])
    expect(await world.mail('feed')).toHaveLength(21)
  })
})

it('F51: a consumer that finds its cursor ahead of a restored database stops, and stays so when the database catches up', async () => {
  let restored = false
  const through = (db: Database): Database => ({
    query: async (text, values) =>
      restored && text.includes('as ahead')
        ? ([{ snapshot: '3:3:', ahead: true, epoch: null }] as never)
        : db.query(text, values),
    script: (text) => db.script(text),
    transaction: (work) => db.transaction(work),
    close: () => db.close(),
  })
  world = await World.create(database, { through })
  const [consumer] = await world.start(world.services.a)
  restored = true
  await eventually(() => consumer?.trouble?.includes('the database was restored') === true)
  restored = false
  await world.begin(1)
  await eventually(turns(50))
  expect(world.attempts).toEqual([])
  expect(consumer?.trouble).toContain('restart this process')
})
