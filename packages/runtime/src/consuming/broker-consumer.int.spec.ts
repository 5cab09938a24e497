import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { settle } from '../home/deadlines.ts'
import type { Database } from '../ports/database.ts'
import { saidSignal } from '../service.ts'
import { eventually, turns } from '../testing/eventually.ts'
import { faultyDatabase } from '../testing/faulty-database.ts'
import { openWorld, useWay, World } from '../testing/world.ts'
import { endLosses, noteLosses, openLosses } from './losses.ts'
import { Members } from './members.ts'

let database: Database
let world: World
beforeAll(async () => {
  database = await openWorld()
  useWay('broker')
})
beforeEach(async () => {
  world = await World.create(database)
})
afterEach(() => world.stop())
afterAll(() => database.close())

const complete = ['book', 'leave', 'pack', 'pay']
const members = (name: string) => database.query<{ instance: string }>(`select instance from ${name}.member`)
const packed = () => world.attempts.filter(({ step }) => step === 'pack').map(({ sagas }) => sagas.length)
const throws = () => {
  throw new Error('not today')
}

describe('a consumer of a broker', () => {
  it('F3, I9: handles once what the broker brings again and again', async () => {
    const ids = await world.begin(20)
    await world.start()
    await eventually(() => world.ended())
    const before = (await world.effects()).length
    for (let again = 0; again < 3; again += 1) for (const name of ['a', 'b'] as const) world.broker.repeat(name)
    const [last = ''] = await world.begin([21])
    await eventually(() => world.ended())
    for (const id of [...ids, last]) expect(await world.effects(id)).toEqual(complete)
    expect(await world.effects()).toHaveLength(before + complete.length)
  })

  it('F17: keeps what its broker has deleted until it is published again, and goes on meanwhile', async () => {
    const lost = () => openLosses(database, 'b')
    await world.start()
    await eventually(() => world.broker.members('b') === 1)
    world.broker.deleted('b', { place: 'b[3]', first: 10, next: 25 })
    world.broker.deleted('b.control', { place: 'b.control[0]', first: 0, next: 2 })
    const found = [
      { place: 'b.control[0]', messages: 2 },
      { place: 'b[3]', messages: 15 },
    ]
    await eventually(async () => (await lost()).length === 2)
    expect(new Set(await lost())).toEqual(new Set(found))
    const [id] = await world.begin([1])
    await eventually(() => world.ended())
    expect(await world.effects(id)).toEqual(complete)
    await world.stop()
    expect(await lost()).toHaveLength(2)
    await endLosses(database, 'b')
    expect(await lost()).toEqual([])
    // Found again before anything else came, and once more when it has grown.
    await noteLosses(database, 'b', [{ place: 'b[3]', first: 10, next: 25 }])
    expect(await lost()).toEqual([])
    await noteLosses(database, 'b', [
      { place: 'b[3]', first: 10, next: 25 },
      { place: 'b[3]', first: 10, next: 26 },
    ])
    expect(await lost()).toEqual([{ place: 'b[3]', messages: 16 }])
  })

  it('shares its mailbox with other instances: what one leaves, the others take', async () => {
    await world.start(world.services.a, world.services.b, world.service('b'), world.service('b'))
    const ids = await world.begin(60)
    await eventually(() => world.ended())
    for (const id of ids) expect(await world.effects(id)).toEqual(complete)
  })

  it('begins no step of keys that it has just got while their settling is in hands that do nothing', async () => {
    await world.start(world.services.a)
    const ids = await world.begin(12)
    const broker = world.broker.connect()
    await eventually(async () => (await broker.behind('b')) === ids.length)
    for (const id of ids) await settle(world.services.a, id, 'cancelled')
    await eventually(async () => (await broker.behind('b.control')) === ids.length)
    // It keeps a half of the keys of the control mailbox.
    const frozen = broker.subscribe('b.control')
    await world.start(world.services.b)
    await eventually(async () => (await broker.behind('b.control')) === frozen.pending.length)
    await eventually(turns(50))
    expect(packed()).toEqual([])
    await frozen.close()
    await eventually(() => world.ended())
    expect(packed()).toEqual([])
    expect(await database.query(`select from a.saga where outcome = 'cancelled'`)).toHaveLength(ids.length)
  })

  it('rows 60, 61, 66: dead-letters what is no message, once, and the partition goes on', async () => {
    world.broker.garbage('b', 'no message')
    await world.start()
    const [id = ''] = await world.begin(1)
    await eventually(() => world.ended())
    world.broker.repeat('b')
    world.broker.garbage('b', 'another')
    await eventually(async () => (await world.held('b')).length === 2)
    expect((await world.held('b')).map(({ type, state, settled }) => [type, state, settled])).toEqual([
      ['undecodable', 'dead', true],
      ['undecodable', 'dead', true],
    ])
    expect((await world.held('b'))[0]?.error).toContain('undecodable: it is garbage (b[0]@0)')
    expect(await database.query('select from b.held_key')).toEqual([])
    expect(await world.effects(id)).toEqual(complete)
  })

  it('parks what comes behind a key that another instance holds, and one of them releases it', async () => {
    world.acts.pack = throws
    const [id = ''] = await world.begin(1)
    await world.start(world.services.a, world.services.b)
    await eventually(async () => (await world.held('b')).length === 1)
    // Another instance, which has not seen the failure.
    await world.start(world.service('b'))
    await world.note('b', [id, id])
    await eventually(async () => (await world.held('b')).length === 3)
    expect((await world.held('b')).map(({ type, state }) => [type, state])).toEqual([
      ['Booked', 'retry'],
      ['Noted', 'parked'],
      ['Noted', 'parked'],
    ])
    delete world.acts.pack
    await world.until(() => world.ended())
    await world.until(async () => (await world.held('b')).length === 0)
    const names = await database.query<{ name: string }>('select name from b.effect order by n')
    expect(names.map(({ name }) => name)).toEqual(['pack', 'Noted', 'Noted', 'pay'])
    await eventually(async () => (await database.query('select from b.held_key')).length === 0)
  })
})

describe('F38: an instance that has no way to its database', () => {
  /** Keys of all partitions: some are in its hand. */
  const trips = 60
  const startBesideAnother = async (through: (db: Database) => Database) =>
    (await world.start(world.services.a, world.services.b, world.service('b', { through })))[2]

  describe('and is told so', () => {
    let cut: boolean
    let ids: readonly string[]
    beforeEach(async () => {
      cut = false
      const consumer = await startBesideAnother((db) => faultyDatabase(db, () => (cut ? '08006' : undefined)))
      cut = true
      ids = await world.begin(trips)
      await eventually(() => consumer?.trouble?.includes('made to fail') === true)
    })

    it('leaves its keys to the others after ten seconds, and takes a share again when it has one', async () => {
      await world.pass(10_000)
      await eventually(() => world.broker.members('b') === 1)
      await eventually(() => world.ended())
      expect(cut).toBe(true)
      cut = false
      await eventually(() => world.broker.members('b') === 2)
      const more = await world.begin(trips)
      await eventually(() => world.ended())
      for (const id of [...ids, ...more]) expect(await world.effects(id)).toEqual(complete)
      expect(await members('b')).toHaveLength(1)
    })

    it('keeps its keys for less, and goes on where it was', async () => {
      await world.pass(9_000)
      await eventually(turns(50))
      expect(world.broker.members('b')).toBe(2)
      expect(await world.ended()).toBe(false)
      cut = false
      await eventually(() => world.ended())
      for (const id of ids) expect(await world.effects(id)).toEqual(complete)
    })

    it('stops while it is away', async () => {
      await world.pass(10_000)
      await eventually(() => world.broker.members('b') === 1)
      await world.stop()
      expect(world.broker.members('b')).toBe(0)
    })
  })

  it('leaves its keys also when nothing has come for it yet', async () => {
    let cut = false
    await startBesideAnother((db) => faultyDatabase(db, () => (cut ? '08006' : undefined)))
    await eventually(() => world.broker.members('b') === 2)
    cut = true
    await world.until(() => world.broker.members('b') === 1)
  })

  it('leaves its keys also while it waits for an answer; what was under way happens once', async () => {
    let asked = 0
    let answer = () => {}
    const silence = new Promise<void>((resolve) => {
      answer = resolve
    })
    await startBesideAnother((db) => ({
      async query(text, values) {
        if (asked > 0) await silence
        return db.query(text, values)
      },
      script: (text) => db.script(text),
      close: () => db.close(),
      async transaction(work) {
        asked += 1
        await silence
        return db.transaction(work)
      },
    }))
    const ids = await world.begin(trips)
    await eventually(() => asked > 0)
    await world.until(() => world.broker.members('b') === 1)
    await world.until(() => world.ended())
    answer()
    await eventually(() => world.broker.members('b') === 2)
    for (const id of ids) expect(await world.effects(id)).toEqual(complete)
  })
})

describe('F8: over what an instance had in hand when it died', () => {
  it('the others go one message at a time; a clean stop leaves no trace', async () => {
    await database.query(`insert into b.member (instance) values ('comptoir somewhere 7')`)
    const ids = await world.begin(5)
    await world.start(world.services.a)
    await eventually(async () => (await world.mail('b')).length === 5)
    await world.start(world.services.b)
    await eventually(() => world.ended())
    expect(packed()).toEqual([1, 1, 1, 1, 1])
    expect(await database.query('select from b.started')).toEqual([])
    for (const id of ids) expect(await world.effects(id)).toEqual(complete)
  })

  it('a message that was started three times is not started again', async () => {
    await database.query(`insert into b.member (instance) values ('comptoir somewhere 7')`)
    const [killer = '', other = ''] = await world.begin(2)
    await world.start(world.services.a)
    await eventually(async () => (await world.mail('b')).length === 2)
    const [message] = (await world.mail('b')).filter(({ key }) => key === killer)
    if (!message) throw new Error('no such message')
    const { source, epoch, txid, pos } = message
    await database.query('insert into b.started (id, starts) values ($1, 3)', [`${source}/${epoch}/${txid}/${pos}`])
    await world.start(world.services.b)
    await world.until(() => world.ended())
    expect(await world.effects(killer)).toEqual(['book', 'unbook'])
    expect(await world.effects(other)).toEqual(complete)
    expect(await world.held('b')).toMatchObject([{ key: killer, state: 'dead', settled: true }])
  })

  it('without a death, batches are batches from the start, and a clean stop leaves nobody behind', async () => {
    await world.begin(5)
    await world.start(world.services.a)
    await eventually(async () => (await world.mail('b')).length === 5)
    await world.start(world.services.b)
    await eventually(() => world.ended())
    expect(packed()).toEqual([5])
    expect(await members('b')).toHaveLength(1)
    await world.stop()
    expect(await members('b')).toEqual([])
  })
})

describe('F8: the deaths that an instance hears of', () => {
  const appear = () => database.query(`insert into b.member (instance) values ('comptoir somewhere 7')`)

  it('are told once, and again of one that has come back and dies again', async () => {
    const heard = new Members(database, 'b')
    await appear()
    expect([await heard.deaths(), await heard.deaths()]).toEqual([1, 0])
    await database.query('delete from b.member')
    expect(await heard.deaths()).toBe(0)
    await appear()
    expect(await heard.deaths()).toBe(1)
  })

  it('are told again to one that was away itself, which counts as dead no longer', async () => {
    const away = new Members(database, 'b')
    await away.join()
    await appear()
    await database.query('update b.member set died = comptoir.now()')
    expect(await away.deaths()).toBe(2)
    await away.rejoin()
    expect(await away.deaths()).toBe(1)
  })
})

describe('a relay', () => {
  it('F14: while the broker is away nothing is refused; afterwards everything goes on', async () => {
    world.broker.away = true
    const ids = await world.begin(10)
    await world.start()
    await eventually(() => world.broker.publications > 2 || world.relays.every(({ trouble }) => trouble !== null))
    expect(world.relays.map(({ trouble }) => trouble)).toEqual([
      expect.stringContaining('the broker is away'),
      expect.stringContaining('the broker is away'),
    ])
    const more = await world.begin(10)
    expect(await world.effects()).toEqual([])
    world.broker.away = false
    await eventually(() => world.ended())
    for (const id of [...ids, ...more]) expect(await world.effects(id)).toEqual(complete)
    expect(world.relays.map(({ trouble }) => trouble)).toEqual([null, null])
  })

  it('F1: whose position was not written publishes again, and nothing happens twice', async () => {
    const ids = await world.begin(10)
    await world.start()
    await eventually(() => world.ended())
    await world.stop()
    await database.query(`update a.position set epoch = 0, txid = '0', pos = 0; `)
    await database.query(`update b.position set epoch = 0, txid = '0', pos = 0`)
    const before = world.broker.publications
    await world.start()
    const [last = ''] = await world.begin([11])
    await eventually(() => world.ended())
    expect(world.broker.publications).toBeGreaterThan(before)
    for (const id of [...ids, last]) expect(await world.effects(id)).toEqual(complete)
  })

  it('looks for what no signal announced, at a mailbox that has got nothing for ten seconds less often', async () => {
    const { signals } = world.services.a.ports
    const { wait } = signals
    const asked: number[] = []
    signals.wait = (name, seen, ms, abort) => {
      if (name === saidSignal('b', 'a')) asked.push(ms)
      return wait(name, seen, ms, abort)
    }
    const now = performance.now.bind(performance)
    await world.start()
    await eventually(() => asked.at(-1) === 100)
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() + 11_000)
    try {
      await eventually(() => asked.at(-1) === 1_000)
      await world.begin(1)
      await eventually(() => asked.at(-1) === 100)
    } finally {
      spy.mockRestore()
    }
  })

  it('hears what its own service says, and other processes are told nothing of it', async () => {
    await world.start()
    await world.begin(3)
    await eventually(() => world.ended())
    expect(world.told).toEqual([])
  })

  it('moves its positions past what the broker has', async () => {
    await world.begin(10)
    await world.start()
    await eventually(() => world.ended())
    const behind = () =>
      database.query(
        `select l.mailbox from a.log as l join a.position as p on p.consumer = l.mailbox || '/relay' where (l.epoch, l.txid, l.pos) > (p.epoch, p.txid, p.pos)`,
      )
    await eventually(async () => (await behind()).length === 0)
  })
})
