import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../ports/database.ts'
import { openWorld, World } from '../testing/world.ts'
import { appendToLog, type LogEntry, type Position } from './log.ts'
import { LogCursor } from './log-cursor.ts'

let database: Database
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
const from = (after: Position) => new LogCursor('a', 'b', world.epoch, after)
const read = (after: Position, limit = 100) => from(after).read(database, limit)

describe('the log', () => {
  it('is read in the order of transactions, and within them in the order in which they were said', async () => {
    await say(entry('b', '1'), entry('a', 'other'), entry('b', '2'))
    await say(entry('b', '3'))
    const messages = await read(beginning)
    expect(messages.map(({ body }) => body)).toEqual(['1', '2', '3'])
    expect(messages[0]).toMatchObject({ source: 'a', epoch: world.epoch, key, type: 'Said', created: world.now })
  })

  it('holds many messages of one type, and few others between them, as each was said', async () => {
    const many = Array.from({ length: 40 }, (_, n): LogEntry => ({ ...entry('b', `${n}`), definition: 'Trip/1/abcdef' }))
    const others = [entry('bb', 'x'), { ...entry('b.control', 'y'), id: '01b92571-ea00-7000-8000-000000000003', type: 'Noted' }]
    await say(...many.slice(0, 20), ...others, ...many.slice(20))
    const fields = ({ type, id, definition, body }: Pick<LogEntry, 'type' | 'id' | 'definition' | 'body'>) => [
      type,
      id,
      definition,
      body,
    ]
    expect((await read(beginning)).map(fields)).toEqual(many.map(fields))
    const control = await new LogCursor('a', 'b.control', world.epoch, beginning).read(database, 100)
    expect(control.map(fields)).toEqual(others.slice(1).map(fields))
  })

  it('is read on from where the last page ended, each message once', async () => {
    for (let n = 1; n <= 7; n++) await say(entry('b', `${n}a`), entry('b', `${n}b`))
    const bodies: string[] = []
    const cursor = from(beginning)
    for (let messages = await cursor.read(database, 3); messages.length > 0; messages = await cursor.read(database, 3))
      bodies.push(...messages.map(({ body }) => body))
    expect(bodies).toEqual(Array.from({ length: 7 }, (_, n) => [`${n + 1}a`, `${n + 1}b`]).flat())
  })

  it('after an empty read goes on where that ended, and misses nothing that is said then', async () => {
    const cursor = from(beginning)
    await cursor.read(database, 10)
    await say(entry('b', '1'))
    expect((await read(cursor.low)).map(({ body }) => body)).toEqual(['1'])
    expect((await cursor.read(database, 10)).map(({ body }) => body)).toEqual(['1'])
  })

  it('F1, I7: holds nothing of a transaction that rolled back', async () => {
    const attempt = database.transaction(async (tx) => {
      await appendToLog(tx, 'a', [entry('b', '1')])
      throw new Error('no')
    })
    await expect(attempt).rejects.toThrow('no')
    expect(await read(beginning)).toEqual([])
  })

  it('F51: a cursor above everything that the database has done is refused', async () => {
    await expect(read({ epoch: world.epoch, txid: '999999999', pos: 0 })).rejects.toThrow('the database was restored')
  })
})
