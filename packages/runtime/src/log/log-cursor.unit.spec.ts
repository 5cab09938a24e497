import { describe, expect, it } from 'vitest'
import type { Queryable, Row, Value } from '../ports/database.ts'
import { CursorAheadError } from './log.ts'
import { inOrder, LogCursor } from './log-cursor.ts'

type Answer = readonly [snapshot: string, ...rows: readonly { epoch?: number; txid: string; late?: boolean; pos?: number }[]]

/** A log that answers so, look by look; what it was asked stands in `asked`. */
function answering(...answers: readonly Answer[]) {
  const asked: (readonly Value[])[] = []
  const left = [...answers]
  const db: Queryable = {
    async query<R = Row>(_text: string, values: readonly Value[] = []) {
      asked.push(values)
      const [snapshot, ...rows] = left.shift() ?? ['1:1:']
      const empty = { snapshot, ahead: false, late: false, epoch: null, txid: null }
      const row = { ...empty, epoch: 3, pos: 1, key: 'k', type: 'Said', id: null, definition: null, body: '{}', created: 5 }
      return (rows.length > 0 ? rows.map((message) => ({ ...row, ...message })) : [empty]) as R[]
    },
  }
  return { db, asked }
}
const cursor = () => new LogCursor('a', 'b', 3, { epoch: 3, txid: '5', pos: 9 })
const txids = (messages: readonly { txid: string }[]) => messages.map(({ txid }) => txid)

describe('a cursor of a log', () => {
  it('F19: reads what is committed, whatever is under way, and asks for the latter afterwards', async () => {
    const { db, asked } = answering(
      ['8:12:8,10', { txid: '9' }, { txid: '11' }],
      ['14:14:', { txid: '8', late: true }, { txid: '13' }],
    )
    const reading = cursor()
    expect(txids(await reading.read(db, 10))).toEqual(['9', '11'])
    expect(reading.low).toEqual({ epoch: 3, txid: '8', pos: 0 })
    expect(txids(await reading.read(db, 10))).toEqual(['8', '13'])
    expect(asked[1]?.slice(3, 6)).toEqual([3, '12', 0])
    expect(asked[1]?.[7]).toEqual(['8', '10'])
    expect(reading.low).toEqual({ epoch: 3, txid: '14', pos: 0 })
  })

  it('F19: a page that is full ends at its last row, and only what is under way before that comes late', async () => {
    const { db, asked } = answering(['8:20:8,15', { txid: '9' }, { txid: '12' }], ['8:20:8,15'])
    const reading = cursor()
    await reading.read(db, 2)
    expect(reading.low).toEqual({ epoch: 3, txid: '8', pos: 0 })
    await reading.read(db, 2)
    expect(asked[1]?.slice(3, 6)).toEqual([3, '12', 1])
    expect(asked[1]?.[7]).toEqual(['8'])
  })

  it('F19: compares transactions as numbers, beyond what a double holds', async () => {
    const { db } = answering(['9007199254740992:9007199254740994:9007199254740992', { txid: '9007199254740993' }])
    const reading = new LogCursor('a', 'b', 3, { epoch: 3, txid: '9', pos: 0 })
    await reading.read(db, 10)
    expect(reading.low).toEqual({ epoch: 3, txid: '9007199254740992', pos: 0 })
    expect(
      ['10', '9', '100']
        .map((txid) => ({ epoch: 1, txid, pos: 0 }))
        .sort(inOrder)
        .map(({ txid }) => txid),
    ).toEqual(['9', '10', '100'])
  })

  it('F51: reads rows of earlier epochs whatever their transaction, a full page of them, too', async () => {
    const { db } = answering(['8:10:8', { epoch: 2, txid: '900' }, { epoch: 2, txid: '901' }], ['8:10:8', { txid: '9' }])
    const reading = new LogCursor('a', 'b', 3, { epoch: 0, txid: '0', pos: 0 })
    expect(txids(await reading.read(db, 2))).toEqual(['900', '901'])
    expect(reading.low).toEqual({ epoch: 2, txid: '901', pos: 1 })
    expect(txids(await reading.read(db, 2))).toEqual(['9'])
    expect(reading.low).toEqual({ epoch: 3, txid: '8', pos: 0 })
  })

  it('F51: refuses a log that the database has not reached', async () => {
    const db: Queryable = { query: async <R = Row>() => [{ snapshot: '3:3:', ahead: true, epoch: null }] as R[] }
    await expect(cursor().read(db, 10)).rejects.toThrow(CursorAheadError)
    await expect(cursor().read(db, 10)).rejects.toThrow(/the log of a .* the database was restored/)
  })
})
