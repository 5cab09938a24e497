import { describe, expect, test } from 'vitest'

/** The page's pure modules are plain JavaScript outside this package's TypeScript program; these are their contracts. */
interface Format {
  age(at: string, now: number): string
  duration(ms: number): string
  money(amount: number): string
}
interface Model {
  nextShown(shown: number[], latest: number[], held: boolean): { ids: number[]; waiting: number }
  sagasOf(sagas: object[], order: object): { saga_id: string }[]
  timeline(saga: object): { after: number; from: number; to: number }[]
  canPay(order: object): boolean
  canCancel(order: object): boolean
  countByStatus(orders: object[]): Map<string, number>
  curl(origin: string, order: object): string
  sagaActs(saga: object): string[]
}
interface Words {
  orderLook(status: string): { icon: string; words: string }
  reasonWords(code: string): string
}
const load = <Module>(name: string): Promise<Module> => import(new URL(`../public/${name}.js`, import.meta.url).href)
const format = await load<Format>('format')
const model = await load<Model>('model')
const words = await load<Words>('words')

describe('times and money', () => {
  const at = '2026-11-22T12:00:00.000Z'
  test.each([
    [-5_000, 'just now'],
    [999, 'just now'],
    [1_000, '1 s ago'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [3_600_000, '1 h ago'],
    [90_000_000, '1 d ago'],
  ])('%d ms later: %s', (later, text) => {
    expect(format.age(at, Date.parse(at) + later)).toBe(text)
  })

  test.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [1_234, '1.23 s'],
    [602_000, '10 min 2 s'],
    [7_260_000, '2 h 1 min'],
  ])('%d ms lasts %s', (ms, text) => {
    expect(format.duration(ms)).toBe(text)
  })

  test('money has cents and groups', () => {
    expect(format.money(1999.9)).toBe('$1,999.90')
  })
})

describe('which orders are shown', () => {
  test('nobody reads: the newest', () => {
    expect(model.nextShown([2, 1], [4, 3, 2], false)).toEqual({ ids: [4, 3, 2], waiting: 0 })
  })
  test('somebody reads: the rows stay, new ones are counted', () => {
    expect(model.nextShown([2, 1], [4, 3, 2], true)).toEqual({ ids: [2, 1], waiting: 2 })
  })
  test('somebody reads: orders that the list lost long ago are not new', () => {
    expect(model.nextShown([5, 4], [5, 4, 3], true)).toEqual({ ids: [5, 4], waiting: 0 })
  })
  test('an empty page takes what comes', () => {
    expect(model.nextShown([], [1], true)).toEqual({ ids: [1], waiting: 0 })
  })
})

describe('an order and its sagas', () => {
  const order = { order_id: 7, saga_id: 'place', status: 'PLACED', payment_link: 'http://localhost/1' }

  test('both of its sagas, oldest first, also before the first one knows the order', () => {
    const sagas = [
      { saga_id: 'cancel', order_id: 7, started_at: '2026-11-22T12:00:02.000Z' },
      { saga_id: 'other', order_id: 8, started_at: '2026-11-22T12:00:01.000Z' },
      { saga_id: 'place', order_id: null, started_at: '2026-11-22T12:00:00.000Z' },
    ]
    expect(model.sagasOf(sagas, order).map((saga) => saga.saga_id)).toEqual(['place', 'cancel'])
  })

  test.each([
    ['PENDING', false, true],
    ['PLACED', true, true],
    ['PAID', false, false],
    ['CANCELLING', false, false],
    ['CANCELLED', false, false],
    ['EXPIRED', false, false],
    ['NEEDS_ATTENTION', false, false],
  ])('%s: can be paid %s, can be cancelled %s', (status, pay, cancel) => {
    expect([model.canPay({ ...order, status }), model.canCancel({ ...order, status })]).toEqual([pay, cancel])
    expect(words.orderLook(status).words).not.toBe(status)
  })

  test('counts by status', () => {
    expect([...model.countByStatus([order, { status: 'PAID' }, order])]).toEqual([
      ['PLACED', 2],
      ['PAID', 1],
    ])
  })

  test('a reason or status that the page does not know is still shown', () => {
    expect(words.reasonWords('out_of_stock')).toBe('not enough stock')
    expect(words.reasonWords('new_reason')).toBe('new reason')
    expect(words.orderLook('NEW').words).toBe('NEW')
  })
})

describe('what can be done to a saga', () => {
  const saga = { status: 'running', ended_at: null, paused: null, steps: [{ kind: 'pivot', status: 'waiting' }] }
  const pastPivot = [{ kind: 'pivot', status: 'done' }]
  const paused = { since: '2026-11-22T12:00:00.000Z', by: 'Ada', reason: null }
  test.each([
    ['runs', {}, ['pause', 'cancel']],
    ['runs, past its pivot', { steps: pastPivot }, ['pause']],
    ['is paused', { status: 'paused', paused }, ['resume', 'cancel']],
    ['needs a person', { status: 'needs_attention', steps: pastPivot }, ['retry', 'pause']],
    ['has ended', { status: 'completed', ended_at: '2026-11-22T12:00:00.000Z' }, []],
  ])('that %s', (_, change, acts) => {
    expect(model.sagaActs({ ...saga, ...change })).toEqual(acts)
  })
})

describe('the timeline', () => {
  const start = '2026-11-22T12:00:00.000Z'
  const journal = [{ at: '2026-11-22T12:00:00.040Z' }, { at: '2026-11-22T12:00:00.010Z' }]

  test('each entry spans from the one before it, in the order of time', () => {
    expect(model.timeline({ started_at: start, journal })).toMatchObject([
      { after: 10, from: 0, to: 0.25 },
      { after: 40, from: 0.25, to: 1 },
    ])
  })
  test('a journal within one millisecond, or before the start by clock skew, stays inside the bar', () => {
    expect(model.timeline({ started_at: start, journal: [{ at: start }] })).toMatchObject([{ after: 0, from: 0, to: 0 }])
    expect(model.timeline({ started_at: start, journal: [{ at: '2026-11-22T11:59:59.000Z' }] })).toMatchObject([
      { after: 0, to: 0 },
    ])
  })
})

test('the curl of a button is what it posts', () => {
  expect(model.curl('http://localhost:8080', { user_id: 1, items: [] })).toBe(
    `curl -X POST http://localhost:8080/store-api/orders -H 'content-type: application/json' -d '{"user_id":1,"items":[]}'`,
  )
})
