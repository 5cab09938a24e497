import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engineMigrations, migrate, sharedMigrations } from '../migrate.ts'
import type { Database } from '../ports/database.ts'
import { openPostgres } from '../postgres/index.ts'
import { lonePorts, Service, saidSignal } from '../service.ts'
import { systemIds } from '../system.ts'
import { eventually } from '../testing/eventually.ts'
import { type ScratchDatabase, scratchDatabase, serverUrl } from '../testing/scratch-postgres.ts'
import { raiseEpoch } from './epoch.ts'
import { appendToLog } from './log.ts'
import { inOrder, LogCursor } from './log-cursor.ts'
import { takeOver } from './positions.ts'
import { Reader } from './reader.ts'

const ids = systemIds()

describe.skipIf(!serverUrl)('a cursor of a log on a server', () => {
  let scratch: ScratchDatabase
  let db: Database
  let epoch: number
  beforeAll(async () => {
    scratch = await scratchDatabase()
    db = await openPostgres({ url: scratch.url, application: 'cursor', connections: 20 })
    await migrate(db, [sharedMigrations, engineMigrations('a')])
    epoch = await raiseEpoch(db, ['a'])
  })
  afterAll(async () => {
    await db?.close()
    await scratch?.drop()
  })

  const say = (body: string, before: () => Promise<unknown> = async () => {}) =>
    db.transaction(async (tx) => {
      await appendToLog(tx, 'a', [{ mailbox: 'b', key: ids.uuid(), type: 'Said', id: null, definition: null, body }])
      // Its transaction has an id now, and ends whenever this does.
      await before()
      await tx.query('select 1')
    })
  const start = () => new LogCursor('a', 'b', epoch, { epoch: 0, txid: '0', pos: 0 })

  it('F19: loses none and repeats none of what sixteen writers say at once, some of whom take it back', async () => {
    const cursor = start()
    const read: string[] = []
    let said = 0
    const expected = new Set<string>()
    const writer = async (number: number) => {
      for (let n = 0; n < 100; n += 1) {
        const body = `${number}/${n}`
        const fails = n % 7 === 3
        const turns = (number * 31 + n * 17) % 9
        const waiting = async () => {
          for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
          if (fails) throw new Error('taken back')
        }
        if (!fails) expected.add(body)
        await say(body, waiting).catch((error: unknown) => {
          if (!fails) throw error
        })
        said += 1
      }
    }
    const writing = Promise.all(Array.from({ length: 16 }, (_, number) => writer(number)))
    await eventually(async () => {
      const messages = await cursor.read(db, 50)
      read.push(...messages.map(({ body }) => body))
      return said === 1_600 && read.length >= expected.size
    }, 50_000)
    await writing
    read.push(...(await cursor.read(db, 50)).map(({ body }) => body))
    expect(read).toHaveLength(expected.size)
    expect(new Set(read)).toEqual(expected)
  })

  it('F20: a transaction that stays open hides nothing but its own, also in another database; nothing before `low` is missing', async () => {
    const cursor = start()
    await eventually(async () => (await cursor.read(db, 500)).length === 0)
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let isOpen = false
    const long = say('long', () => {
      isOpen = true
      return held
    })
    await eventually(() => isOpen)
    await say('short')
    expect((await cursor.read(db, 500)).map(({ body }) => body)).toEqual(['short'])
    const { low } = cursor
    release()
    await long
    const [message] = await cursor.read(db, 500)
    expect(message?.body).toBe('long')
    if (!message) return
    // Whoever begins anew at `low` finds what was missing.
    expect(inOrder(low, message)).toBeLessThan(0)
    // Others are under way on this server, too.
    await eventually(async () => {
      expect(await cursor.read(db, 500)).toEqual([])
      return inOrder(cursor.low, message) > 0
    })
  })

  it('the stored position stays before what is under way, and catches up when that has ended, though nothing new comes', async () => {
    const service = new Service({ ...lonePorts(db), name: 'a', epoch, participants: [] })
    const reader = new Reader(service, 'b', await takeOver(db, 'a', 'b', ['a']))
    const handle = async () => {
      await reader.poll(500)
      const messages = [...reader.pending]
      await db.transaction((tx) => reader.take(tx, messages))
      reader.drop(messages.length)
      return messages.map(({ body }) => body)
    }
    const behind = async () =>
      (
        await db.query<{ body: string }>(
          `select l.body from a.log as l join a.position as p on p.consumer = 'b' and (l.epoch, l.txid, l.pos) > (p.epoch, p.txid, p.pos) order by 1`,
        )
      ).map(({ body }) => body)
    // Others are under way on this server, too.
    const passesAll = () =>
      eventually(async () => {
        await reader.poll(500)
        return (await behind()).length === 0
      })
    await eventually(async () => (await handle()).length === 0)
    await passesAll()
    const { release, ended } = await openTransaction()
    await say('meanwhile')
    service.ports.signals.send([saidSignal('b', 'a')])
    expect(await handle()).toEqual(['meanwhile'])
    expect(await behind()).toEqual(['meanwhile'])
    release()
    await ended
    await passesAll()
  })

  /** A transaction that has an id, and stays open until it is released. */
  async function openTransaction() {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let isOpen = false
    const ended = db.transaction(async (tx) => {
      await tx.query('select pg_current_xact_id()')
      isOpen = true
      await held
      await tx.query('select 1')
    })
    await eventually(() => isOpen)
    return { release, ended }
  }
})
