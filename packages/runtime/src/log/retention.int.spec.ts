import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { Entry } from '../home/entry.ts'
import type { Database } from '../ports/database.ts'
import { eventually } from '../testing/eventually.ts'
import { type Acts, trip } from '../testing/trip.ts'
import { openWorld, useWay, World } from '../testing/world.ts'
import { keepPartitions, retentionMs } from './retention.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
})
beforeEach(async () => {
  for (const table of await tables()) await database.script(`drop table ${table}`)
})
afterEach(() => world.stop())
afterAll(() => database.close())

const day = 86_400_000
/** The partitions by days, of both services: `a.log_20300115`. */
async function tables(like = ''): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_inherits join pg_class as c on c.oid = inhrelid join pg_namespace as n on n.oid = c.relnamespace
     where c.relkind = 'r' and c.relname ~ '_[0-9]{8}$' order by 1`,
  )
  return rows.map(({ name }) => name).filter((name) => name.startsWith(like))
}
const keep = (at = world.now) => keepPartitions(database, ['a', 'b'], at)

/** Trips that ran to their end on the first day, 15 January 2030, with partitions. */
async function firstDay(acts: Acts = {}): Promise<void> {
  world = await World.create(database, { acts })
  await keep()
  await world.begin(2)
  await world.start()
}
const ended = () => eventually(() => world.ended())
/** All have ended, and whoever reads has nothing left to read; then everybody stops. */
async function stoppedBehindNothing(): Promise<void> {
  await ended()
  await world.caughtUp()
  await world.stop()
}
const firstDayTables = async () => (await tables()).filter((name) => name.endsWith('20300115'))
/** Rounds until these are gone: one that gets no lock soon leaves it to the next. */
const dropped = (at: number, left = firstDayTables) =>
  eventually(async () => {
    await keep(at)
    return (await left()).length === 0
  })

describe('partitions', () => {
  it('are made for today and two days ahead; rows of log and inbox land in them', async () => {
    await firstDay()
    await ended()
    expect(await tables('a.')).toEqual(
      ['inbox', 'log'].flatMap((table) => [15, 16, 17].map((date) => `a.${table}_203001${date}`)),
    )
    const where = await database.query(
      `select distinct tableoid::regclass::text as t from a.log union select distinct tableoid::regclass::text from a.inbox order by 1`,
    )
    expect(where).toEqual([{ t: 'a.inbox_20300115' }, { t: 'a.log_20300115' }])
    await keep()
    expect(await tables('a.')).toHaveLength(6)
  })

  it('may be missing: a database without them works, and those of later days are made all the same', async () => {
    world = await World.create(database)
    await world.begin(2)
    await world.start()
    await ended()
    await keep()
    expect(await tables('a.log')).toEqual(['a.log_20300116', 'a.log_20300117'])
    await world.pass(day)
    await world.begin(1)
    await ended()
    expect(await world.effects()).toHaveLength(12)
    expect(await database.query('select distinct tableoid::regclass::text as t from a.log order by 1')).toEqual([
      { t: 'a.log_20300116' },
      { t: 'a.log_default' },
    ])
  })
})

describe('what is older than the retention', () => {
  it('is dropped in bulk, not before', async () => {
    await firstDay()
    await stoppedBehindNothing()
    await keep(world.now + retentionMs)
    expect(await tables('a.')).toContain('a.log_20300115')
    await dropped(world.now + retentionMs + day)
    expect(await database.query('select from a.log')).toEqual([])
    expect(await tables('a.log')).toContain('a.log_20300123')
  })

  it('F17: is kept as long as a reader has not read it', async () => {
    world = await World.create(database)
    await keep()
    await world.start()
    await world.stop()
    await world.begin(2)
    await keep(world.now + 30 * day)
    expect(await tables('a.log')).toContain('a.log_20300115')
    await world.start()
    await stoppedBehindNothing()
    await dropped(world.now + 30 * day)
  })

  it.each([
    ['has got a broker', 'log', 'broker'],
    ['has a broker no longer', 'broker', 'log'],
  ] as const)('is dropped where the installation %s: the readers of before do not hold it', async (_, before, after) => {
    useWay(before)
    onTestFinished(() => useWay('log'))
    await firstDay()
    await stoppedBehindNothing()
    await world.begin(1)
    useWay(after)
    await keep(world.now + 30 * day)
    expect(await tables('a.log'), 'nobody has it yet').toContain('a.log_20300115')
    await world.start()
    await stoppedBehindNothing()
    await dropped(world.now + 30 * day)
  })

  it('is dropped when only the feed has not shown it', async () => {
    await firstDay()
    await stoppedBehindNothing()
    await database.query(`insert into a.position (consumer, source) values ('feed/relay', 'a')`)
    await dropped(world.now + 30 * day, async () => (await tables('a.log')).filter((name) => name === 'a.log_20300115'))
  })

  it('F27: of the inbox is kept below the oldest open saga, so that its messages find what was done', async () => {
    let closed = true
    await firstDay({
      leave({ n }) {
        if (n === 1 && closed) throw new Error('not today')
        return undefined
      },
    })
    await eventually(async () => (await world.held('a')).length === 1)
    await keep(world.now + 30 * day)
    expect(await tables('a.inbox')).toContain('a.inbox_20300115')
    expect(await tables('b.inbox')).toContain('b.inbox_20300115')
    closed = false
    await world.until(() => world.ended())
    await dropped(world.now + 30 * day, async () => (await firstDayTables()).filter((name) => name.includes('inbox')))
  })

  it('row 52: of the idempotency keys is forgotten', async () => {
    world = await World.create(database)
    const entry = new Entry(world.services.a, trip, () => 'x')
    const key = { scope: 'ada', key: 'k', fingerprint: 'f' }
    await entry.begin({ n: 1 }, key)
    await world.pass(retentionMs)
    await keep()
    expect(await entry.begin({ n: 1 }, key)).toMatchObject({ kind: 'replayed' })
    await world.pass(1)
    await keep()
    expect(await entry.begin({ n: 1 }, key)).toMatchObject({ kind: 'begun' })
  })
})
