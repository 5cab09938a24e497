import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { defineSaga } from './define-saga.ts'
import { stepOf } from './definition.ts'
import { named } from './testing/declared.ts'

const begin = () => defineSaga('Buy', { version: 3, home: 'shop', input: Type.Object({}) })
const undo = { name: 'release', state: 'RELEASING', done: named('Released') }
const reserve = { at: 'shop', state: 'RESERVING', done: named('Reserved'), failed: named('SoldOut'), undo } as const
const pay = { at: 'bank', state: 'PAYING', done: named('Paid'), failed: named('Declined') } as const
const ship = { at: 'shop', state: 'SHIPPING', done: named('Shipped') } as const

describe('defineSaga', () => {
  it('keeps the steps as data, in their order, time-outs in milliseconds', () => {
    const saga = begin()
      .pivot('pay', { ...pay, timeout: '10m' })
      .retriable('ship', ship)
      .end('ENDED', named('Ended'))
    expect(saga.steps).toEqual([
      { name: 'pay', kind: 'pivot', ...pay, timeout: 600_000 },
      { name: 'ship', kind: 'retriable', ...ship },
    ])
    expect(saga.id).toMatch(/^Buy\/3\/[0-9a-f]{16}$/)
  })

  it('lets two declarations go on from one stage without seeing each other', () => {
    const stage = begin().compensatable('reserve', reserve)
    const paid = stage.pivot('pay', pay).end('ENDED', named('Ended'))
    const shipped = stage.retriable('ship', ship).end('ENDED', named('Ended'))
    expect(paid.steps.map(({ name }) => name)).toEqual(['reserve', 'pay'])
    expect(shipped.steps.map(({ name }) => name)).toEqual(['reserve', 'ship'])
  })

  it('finds a step by name, or says which there are', () => {
    const saga = begin().pivot('pay', pay).retriable('ship', ship).end('ENDED', named('Ended'))
    expect(stepOf(saga, 'ship')).toBe(saga.steps[1])
    expect(() => stepOf(saga, 'fly')).toThrow('saga Buy has no step fly: its steps are pay, ship')
  })
})
