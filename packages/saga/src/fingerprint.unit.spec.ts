import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import type { StepDefinition } from './definition.ts'
import { fingerprint } from './fingerprint.ts'
import { message } from './message.ts'
import { declared, named, step } from './testing/declared.ts'

const reserve = step('compensatable', 'reserve')
const pay = step('pivot', 'pay', 'bank')
const ship = step('retriable', 'ship')
const steps = [reserve, pay, ship]
const original = fingerprint(declared(steps))
const undoing = (part: Partial<NonNullable<StepDefinition['undo']>>): StepDefinition => ({
  ...reserve,
  undo: { name: 'reserveBack', state: 'UNDOING_reserve', done: named('reserveUndone'), ...part },
})
const rich = (name: string) => message(name, Type.Object({ note: Type.Optional(Type.String()) }))

describe('fingerprint', () => {
  it('has 16 hexadecimal digits', () => {
    expect(original).toMatch(/^[0-9a-f]{16}$/)
  })

  it.each([
    [
      'the same declaration again',
      declared([step('compensatable', 'reserve'), step('pivot', 'pay', 'bank'), step('retriable', 'ship')]),
    ],
    ['other schemas', declared([{ ...reserve, done: rich('reserveDone') }, { ...pay, failed: rich('payFailed') }, ship])],
    ['another input', { ...declared(steps), input: Type.Object({ coupon: Type.Optional(Type.String()) }) }],
    ['other states', declared([{ ...reserve, state: 'HOLDING' }, pay, ship])],
    ['a time-out', { ...declared(steps), steps: [reserve, { ...pay, timeout: 1_000 }, ship] }],
    ['another version', declared(steps, { version: 2 })],
  ])('is the same for %s', (_, saga) => {
    expect(fingerprint(saga)).toBe(original)
  })

  const changes = [
    ['the name of the saga', declared(steps, { name: 'Other' })],
    ['the home', declared(steps, { home: 'desk' })],
    ['the message of the end', declared(steps, { end: { state: 'ENDED', message: named('OtherEnded') } })],
    ['the name of a step', declared([{ ...reserve, name: 'hold' }, pay, ship])],
    ['the place of a step', declared([reserve, { ...pay, at: 'shop' }, ship])],
    ['the message of a step', declared([reserve, pay, { ...ship, done: named('Sent') }])],
    ['the failure of a step', declared([reserve, { ...pay, failed: named('Declined') }, ship])],
    ['the name of an undo', declared([undoing({ name: 'giveBack' }), pay, ship])],
    ['the message of an undo', declared([undoing({ done: named('GivenBack') }), pay, ship])],
    ['the kind of a step', { ...declared(steps), steps: [reserve, { ...pay, kind: 'compensatable' as const }, ship] }],
    ['the order of the steps', { ...declared(steps), steps: [reserve, ship, pay] }],
    ['one step more', declared([...steps, step('retriable', 'thank')])],
    ['one step less', declared([reserve, pay])],
  ] as const

  it.each(changes)('changes with %s', (_, saga) => {
    expect(fingerprint(saga)).not.toBe(original)
  })

  it('is another one for each of these changes', () => {
    expect(new Set(changes.map(([, saga]) => fingerprint(saga))).size).toBe(changes.length)
  })
})
