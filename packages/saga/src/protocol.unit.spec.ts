import { describe, expect, it } from 'vitest'
import {
  type Decision,
  decide,
  firstSending,
  messageId,
  type Phase,
  routesOf,
  type StepRecord,
  sendersOf,
  sendingAfter,
} from './protocol.ts'
import { declared, shaped, step } from './testing/declared.ts'

const rows: Readonly<Record<'none' | 'done' | 'failed' | 'refused' | 'undone', StepRecord | undefined>> = {
  none: undefined,
  done: { outcome: 'done', undone: false },
  failed: { outcome: 'failed', undone: false },
  refused: { outcome: 'refused', undone: false },
  undone: { outcome: 'done', undone: true },
}

const ofAnyKind: readonly (readonly [Phase, keyof typeof rows, Decision])[] = [
  ['do', 'none', 'run'],
  ['do', 'done', 'nothing'],
  ['do', 'failed', 'nothing'],
  ['do', 'refused', 'nothing'],
  ['do', 'undone', 'nothing'],
  ['settle', 'failed', 'nothing'],
  ['settle', 'refused', 'nothing'],
  ['undo', 'none', 'refuse'],
  ['undo', 'done', 'undo'],
  ['undo', 'failed', 'nothing'],
  ['undo', 'refused', 'nothing'],
  ['undo', 'undone', 'nothing'],
]

describe('decide', () => {
  it.each(ofAnyKind)('%s on %s: %s', (phase, row, decision) => {
    for (const kind of ['compensatable', 'pivot', 'retriable'] as const) expect(decide(kind, phase, rows[row])).toBe(decision)
  })

  it.each([
    ['compensatable', 'none', 'refuse'],
    ['pivot', 'none', 'refuse'],
    ['retriable', 'none', 'nothing'],
    ['compensatable', 'done', 'forward'],
    ['compensatable', 'undone', 'forward'],
    ['pivot', 'done', 'nothing'],
    ['retriable', 'done', 'nothing'],
  ] as const)('settle of a %s step on %s: %s', (kind, row, decision) => {
    expect(decide(kind, 'settle', rows[row])).toBe(decision)
  })
})

describe('sendingAfter', () => {
  const saga = declared(
    [step('compensatable', 'reserve', 'shop'), step('pivot', 'pay', 'bank'), step('retriable', 'ship', 'depot')],
    { home: 'desk' },
  )
  const [reserve, pay, ship] = saga.steps
  if (!reserve || !pay || !ship) throw new Error('three steps were declared')

  it('goes to the next step, and home after the last', () => {
    expect(sendingAfter(saga, reserve, 'done')).toEqual({
      type: 'reserveDone',
      target: { kind: 'step', at: 'bank', step: 'pay', phase: 'do' },
    })
    expect(sendingAfter(saga, ship, 'done')).toEqual({
      type: 'shipDone',
      target: { kind: 'end', at: 'desk', outcome: 'completed' },
    })
  })

  it('goes back to the previous step, and home after the first', () => {
    expect(sendingAfter(saga, pay, 'failed')).toEqual({
      type: 'payFailed',
      target: { kind: 'step', at: 'shop', step: 'reserve', phase: 'undo' },
    })
    expect(sendingAfter(saga, reserve, 'undone')).toEqual({
      type: 'reserveUndone',
      target: { kind: 'end', at: 'desk', outcome: 'cancelled' },
    })
    expect(sendingAfter(saga, reserve, 'failed')).toEqual({
      type: 'reserveFailed',
      target: { kind: 'end', at: 'desk', outcome: 'cancelled' },
    })
  })

  it('passes a settle on, until the last step', () => {
    expect(sendingAfter(saga, reserve, 'forward')).toEqual({
      type: 'settle:pay',
      target: { kind: 'step', at: 'bank', step: 'pay', phase: 'settle' },
    })
    expect(sendingAfter(saga, ship, 'forward')).toBeUndefined()
  })

  it('refuses changes that a step of that kind cannot have', () => {
    expect(() => sendingAfter(saga, ship, 'failed')).toThrow('step ship is retriable and cannot fail')
    expect(() => sendingAfter(saga, pay, 'undone')).toThrow('step pay is pivot and cannot be undone')
  })

  it('refuses the step of another declaration', () => {
    expect(() => sendingAfter(saga, step('pivot', 'pay', 'bank'), 'done')).toThrow(
      'step pay does not belong to this declaration of saga Sample',
    )
  })
})

describe('routesOf', () => {
  it('has one place for each message, the request and the settles included', () => {
    const routes = routesOf(shaped(['compensatable', 'pivot', 'retriable']))
    expect([...routes].map(([type, target]) => `${type} → ${messageId('7', target)} at ${target.at}`)).toEqual([
      'SampleRequested → 7:s1:do at shop',
      's1Done → 7:s2:do at shop',
      's1Failed → 7:end:cancelled at shop',
      's1Undone → 7:end:cancelled at shop',
      'settle:s1 → 7:s1:settle at shop',
      's2Done → 7:s3:do at shop',
      's2Failed → 7:s1:undo at shop',
      'settle:s2 → 7:s2:settle at shop',
      's3Done → 7:end:completed at shop',
      'settle:s3 → 7:s3:settle at shop',
    ])
  })

  it('cannot be asked for a saga without steps', () => {
    expect(() => firstSending({ ...shaped(['pivot']), steps: [] })).toThrow('saga Sample has no steps')
  })
})

it('sendersOf: every message of the choreography has a sender, where its cause is', () => {
  const saga = declared(
    [step('compensatable', 'reserve', 'shop'), step('pivot', 'pay', 'bank'), step('retriable', 'ship', 'depot')],
    { home: 'desk' },
  )
  expect(Object.fromEntries(sendersOf(saga))).toEqual({
    SampleRequested: 'desk',
    reserveDone: 'shop',
    reserveFailed: 'shop',
    reserveUndone: 'shop',
    payDone: 'bank',
    payFailed: 'bank',
    shipDone: 'depot',
    'settle:reserve': 'desk',
    'settle:pay': 'shop',
    'settle:ship': 'bank',
  })
  expect([...sendersOf(saga).keys()].sort()).toEqual([...routesOf(saga).keys()].sort())
})
