import { describe, expect, it } from 'vitest'
import { CursorAheadError, readLog } from './log.ts'
import type { Queryable, Row } from './ports/database.ts'

/** A log that answers these rows, seen at this horizon. */
function answering(horizon: string, rows: readonly { epoch: number; txid: string }[], ahead = false): Queryable {
  const row = { horizon, ahead, key: 'k', type: 'Said', id: null, definition: null, body: '{}', created: 5, pos: 1 }
  const answer = rows.length > 0 ? rows.map((message) => ({ ...row, ...message })) : [{ ...row, epoch: null, txid: null }]
  return { query: async <R = Row>() => answer as R[] }
}
const read = (db: Queryable, epoch = 3) => readLog(db, 'a', 'b', epoch, { epoch: 3, txid: '5', pos: 9 }, 0, 10)
const txids = (messages: readonly { txid: string }[]) => messages.map(({ txid }) => txid)

describe('readLog', () => {
  it('F19: hides rows at and above the horizon, and says that they are there', async () => {
    const db = answering('10', [
      { epoch: 3, txid: '8' },
      { epoch: 3, txid: '9' },
      { epoch: 3, txid: '10' },
      { epoch: 3, txid: '12' },
    ])
    const poll = await read(db)
    expect(txids(poll.messages)).toEqual(['8', '9'])
    expect(poll.hidden).toBe(true)
  })

  it('F19: compares transactions as numbers, beyond what a double holds', async () => {
    const poll = await read(
      answering('9007199254740993', [
        { epoch: 3, txid: '9007199254740992' },
        { epoch: 3, txid: '9007199254740993' },
      ]),
    )
    expect(txids(poll.messages)).toEqual(['9007199254740992'])
    expect(txids((await read(answering('10', [{ epoch: 3, txid: '9' }]))).messages)).toEqual(['9'])
  })

  it('F51: shows rows of earlier epochs whatever their transaction', async () => {
    const db = answering('10', [
      { epoch: 2, txid: '900' },
      { epoch: 3, txid: '9' },
    ])
    const poll = await read(db)
    expect(txids(poll.messages)).toEqual(['900', '9'])
    expect(poll.hidden).toBe(false)
  })

  it('answers the horizon that it read by, where an empty read goes on', async () => {
    const poll = await read(answering('10', []))
    expect(poll).toEqual({ messages: [], horizon: { epoch: 3, txid: '10', pos: 0 }, hidden: false })
  })

  it('F51: refuses a cursor that the database has not reached', async () => {
    await expect(read(answering('10', [], true))).rejects.toThrow(CursorAheadError)
    await expect(read(answering('10', [], true))).rejects.toThrow(/the log of a ends before .* the database was restored/)
  })
})
