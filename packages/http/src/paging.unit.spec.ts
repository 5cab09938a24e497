import { describe, expect, it } from 'vitest'
import { Cursors, pageLimit } from './paging.ts'
import { Problem } from './problem.ts'

const secret = Buffer.alloc(32, 7)
const orders = new Cursors<{ id: number }>('orders', secret)
const cursor = orders.encode({ id: 1042 })

describe('paging', () => {
  it('gives back the position it was given', () => {
    expect(orders.decode(cursor)).toEqual({ id: 1042 })
    expect(cursor).toMatch(/^[\w-]+$/)
  })

  it.each([
    ['empty', ''],
    ['not base64url', '!!!'],
    ['cut', cursor.slice(0, -4)],
    ['changed', `${cursor.slice(0, -1)}${cursor.endsWith('9') ? '5' : '9'}`],
    ['lengthened', `${cursor}AAAA`],
    ['padded', `${cursor}=`],
    ['of another list', new Cursors('sagas', secret).encode({ id: 1042 })],
    ['of another secret', new Cursors('orders', Buffer.alloc(32, 8)).encode({ id: 1042 })],
  ])('row 27: a cursor that is %s is 400', (_what, forged) => {
    expect(() => orders.decode(forged)).toThrow(expect.objectContaining({ status: 400, code: 'cursor' }))
    expect(() => orders.decode(forged)).toThrow(Problem)
  })

  it('has a limit without being asked', () => {
    expect(pageLimit({})).toBe(50)
    expect(pageLimit({ limit: '200' })).toBe(200)
  })
})
