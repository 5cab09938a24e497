import { Type } from 'typebox'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { defineSaga } from './define-saga.ts'
import type { Saga } from './definition.ts'
import { SagaDefinitionError } from './errors.ts'
import { type Message, message } from './message.ts'
import { done, failed, type Outcome } from './outcome.ts'
import type { PlacesOf, StepsOf } from './task.ts'
import { named } from './testing/declared.ts'

const begin = () => defineSaga('Buy', { version: 1, home: 'shop', input: Type.Object({ user: Type.Integer() }) })
const Reserved = message('Reserved', Type.Object({ units: Type.Integer() }))
const SoldOut = message('SoldOut', Type.Literal('sold_out'))
const Paid = message('Paid', Type.Object({ payment: Type.Integer() }))
const Declined = message('Declined', Type.Literal('declined'))
const undo = { name: 'release', state: 'RELEASING', done: named('Released') }
const reserve = { at: 'shop', state: 'RESERVING', done: Reserved, failed: SoldOut, undo } as const
const pay = { at: 'bank', state: 'PAYING', done: Paid, failed: Declined } as const
const ship = { at: 'shop', state: 'SHIPPING', done: named('Shipped') } as const

const buy = begin().compensatable('reserve', reserve).pivot('pay', pay).retriable('ship', ship).end('ENDED', named('Ended'))
type Bought = StepsOf<typeof buy>

// Each refusal is proved twice: it does not compile (the build of the tests fails if it ever does), and where a cast gets
// past the compiler, declaring it throws.
describe('what a declaration cannot say', () => {
  const ends = (stage: { end(state: string, message: Message): Saga }) => stage.end('ENDED', named('Ended'))

  it('an undo after the pivot', () => {
    // @ts-expect-error a step after the pivot is never undone
    expect(() => ends(begin().pivot('pay', pay).compensatable('reserve', reserve))).toThrow(SagaDefinitionError)
  })

  it('an undo after a retriable step, pivot or not', () => {
    // @ts-expect-error a retriable step ends the part that can be undone
    expect(() => ends(begin().retriable('ship', ship).compensatable('reserve', reserve))).toThrow(SagaDefinitionError)
  })

  it('a second pivot', () => {
    const again = { ...pay, state: 'AGAIN' }
    // @ts-expect-error a saga has one pivot
    expect(() => ends(begin().pivot('pay', pay).pivot('again', again))).toThrow(SagaDefinitionError)
  })

  it('a compensatable step without its undo', () => {
    const { undo: _, ...bare } = reserve
    // @ts-expect-error what was done must have its undo
    expect(() => ends(begin().compensatable('reserve', bare))).toThrow(SagaDefinitionError)
  })

  it('a pivot with an undo', () => {
    // @ts-expect-error a pivot is never undone
    expect(() => ends(begin().pivot('pay', { at: 'bank', state: 'PAYING', done: Paid, failed: Declined, undo }))).toThrow(
      SagaDefinitionError,
    )
  })

  it('a step that can fail without a failed message', () => {
    const { failed: _, ...bare } = pay
    // @ts-expect-error a pivot can fail
    expect(() => ends(begin().pivot('pay', bare))).toThrow(SagaDefinitionError)
  })

  it('a retriable step that fails', () => {
    // @ts-expect-error a retriable step cannot fail
    expect(() => ends(begin().retriable('ship', { ...ship, failed: Declined }))).toThrow(SagaDefinitionError)
  })

  it('a step declared twice', () => {
    // @ts-expect-error each step has its own name
    expect(() => ends(begin().compensatable('reserve', reserve).pivot('reserve', pay))).toThrow(SagaDefinitionError)
  })

  it('a saga without a home', () => {
    // @ts-expect-error somebody must keep the saga's row
    expect(() => ends(defineSaga('Buy', { version: 1, input: Type.Object({}) }).pivot('pay', pay))).toThrow(SagaDefinitionError)
  })

  it('a time-out without a unit', () => {
    // @ts-expect-error 10 of what?
    expect(() => begin().pivot('pay', { ...pay, timeout: '10' })).toThrow(RangeError)
  })

  it('a step after the end', () => {
    // @ts-expect-error the end closes the declaration
    expect(buy.retriable).toBeUndefined()
  })
})

describe('what a declaration tells its handlers', () => {
  it('what is known before each step: the input and the results of earlier steps, under their names', () => {
    expectTypeOf<Bought['reserve']['before']>().branded.toEqualTypeOf<{ input: { user: number } }>()
    expectTypeOf<Bought['ship']['before']['reserve']>().toEqualTypeOf<{ units: number }>()
    expectTypeOf<Bought['ship']['before']['pay']>().toEqualTypeOf<{ payment: number }>()
    // @ts-expect-error a later step's result is not known yet
    const early = (before: Bought['reserve']['before']) => before.pay
    expect(early({ input: { user: 1 } })).toBeUndefined()
  })

  it('the reasons a step may fail for, and no other', () => {
    const declined: Outcome<Bought['pay']['result'], Bought['pay']['reason']> = failed('declined')
    // @ts-expect-error a reason that was not declared
    const moody: typeof declined = failed('bad_mood')
    // @ts-expect-error a retriable step cannot fail
    const shipped: Outcome<Bought['ship']['result'], Bought['ship']['reason']> = failed('declined')
    // @ts-expect-error a result of another form
    const reserved: Outcome<Bought['reserve']['result'], Bought['reserve']['reason']> = done({ units: 'two' })
    expect([declined.kind, moody.kind, shipped.kind, reserved.kind]).toEqual(['failed', 'failed', 'failed', 'done'])
  })

  it('the services it knows, and no other', () => {
    const known: PlacesOf<Bought>[] = ['shop', 'bank']
    // @ts-expect-error a service the saga does not know
    const unknown: PlacesOf<Bought> = 'warehouse'
    expect(known).not.toContain(unknown)
  })
})
