import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { appendToLog, type LogEntry, type Position, readLog } from './log.ts'
import type { PgliteDatabase } from './pglite/index.ts'
import { openWorld, World } from './testing/world.ts'

let database: PgliteDatabase
let world: World
beforeAll(async () => {
  database = await openWorld()
})
beforeEach(async () => {
  world = await World.create(database)
})
afterAll(() => database.close())

const key = '01b92571-ea00-7000-8000-000000000001'
const entry = (mailbox: string, body: string): LogEntry => ({ mailbox, key, type: 'Said', id: null, definition: null, body })
const say = (...entries: readonly LogEntry[]) => database.transaction((tx) => appendToLog(tx, 'a', entries))
const beginning: Position = { epoch: 0, txid: '0', pos: 0 }
const read = (after: Position, limit = 100, mailbox = 'b') => readLog(database, 'a', mailbox, world.epoch, after, 0, limit)

describe('the log', () => {
  it('is read in the order of transactions, and within them in the order in which they were said', async () => {
    await say(entry('b', '1'), entry('a', 'other'), entry('b', '2'))
    await say(entry('b', '3'))
    const { messages, hidden } = await read(beginning)
    expect(messages.map(({ body }) => body)).toEqual(['1', '2', '3'])
    expect(hidden).toBe(false)
    expect(messages[0]).toMatchObject({ source: 'a', epoch: world.epoch, key, type: 'Said', created: world.now })
  })

  it('is read on from where the last page ended, each message once', async () => {
    for (let n = 1; n <= 7; n++) await say(entry('b', `${n}a`), entry('b', `${n}b`))
    const bodies: string[] = []
    let after = beginning
    for (let messages = (await read(after, 3)).messages; messages.length > 0; messages = (await read(after, 3)).messages) {
      bodies.push(...messages.map(({ body }) => body))
      after = messages.at(-1) ?? after
    }
    expect(bodies).toEqual(Array.from({ length: 7 }, (_, n) => [`${n + 1}a`, `${n + 1}b`]).flat())
  })

  it('after an empty read goes on from the horizon, and misses nothing that is said then', async () => {
    const { horizon } = await read(beginning)
    await say(entry('b', '1'))
    expect((await read(horizon)).messages.map(({ body }) => body)).toEqual(['1'])
  })

  it('F1, I7: holds nothing of a transaction that rolled back', async () => {
    const attempt = database.transaction(async (tx) => {
      await appendToLog(tx, 'a', [entry('b', '1')])
      throw new Error('no')
    })
    await expect(attempt).rejects.toThrow('no')
    expect((await read(beginning)).messages).toEqual([])
  })

  it('F51: a cursor above everything that the database has done is refused', async () => {
    await expect(read({ epoch: world.epoch, txid: '999999999', pos: 0 })).rejects.toThrow('the database was restored')
  })
})
