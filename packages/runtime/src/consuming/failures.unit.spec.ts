import { describe, expect, it } from 'vitest'
import { DatabaseError, isTransient, isUniqueViolation } from '../ports/database.ts'
import { backoff, errorText, Failures, signatureOf } from './failures.ts'

describe('signatureOf', () => {
  it.each([
    [new Error('order 17 has no row'), new Error('order 4711 has no row')],
    [new Error('no user "Ada"'), new Error('no user "Alan"')],
    [new Error('saga 01b92571-ea00-7085-8518-b6511738f7f1'), new Error('saga 02b92571-ea00-7085-8518-b6511738f7f2')],
    [new DatabaseError('one text', '23514', 'quantity'), new DatabaseError('another text', '23514', 'quantity')],
    ['thrown 1', 'thrown 2'],
  ])('is the same for %s and %s', (one, other) => {
    expect(signatureOf(one)).toBe(signatureOf(other))
  })

  it.each([
    [new Error('out of rain'), new Error('out of snow')],
    [new TypeError('x'), new Error('x')],
    [new DatabaseError('x', '23514', 'quantity'), new DatabaseError('x', '23514', 'price')],
  ])('is another for %s and %s', (one, other) => {
    expect(signatureOf(one)).not.toBe(signatureOf(other))
  })
})

describe('Failures', () => {
  const error = new Error('not today')

  it('takes three different keys that fail alike for an outage', () => {
    const failures = new Failures()
    expect(['k1', 'k2', 'k2', 'k1', 'k3'].map((key) => failures.isOutage('T', key, error, 0))).toEqual([
      false,
      false,
      false,
      false,
      true,
    ])
  })

  it('keeps types and errors apart', () => {
    const failures = new Failures()
    failures.isOutage('T', 'k1', error, 0)
    failures.isOutage('T', 'k2', error, 0)
    expect(failures.isOutage('U', 'k3', error, 0)).toBe(false)
    expect(failures.isOutage('T', 'k3', new Error('otherwise'), 0)).toBe(false)
  })

  it('forgets what is older than half a minute, but not that it was an outage', () => {
    const failures = new Failures()
    for (const key of ['k1', 'k2', 'k3']) failures.isOutage('T', key, error, 0)
    expect(failures.isOutage('T', 'k4', error, 30_000)).toBe(true)
    expect(failures.isOutage('T', 'k5', error, 60_001)).toBe(false)
    expect(failures.wasOutage('T', error)).toBe(true)
    expect(failures.wasOutage('T', new Error('otherwise'))).toBe(false)
  })

  it('forgets everything of a type when one of its messages is handled', () => {
    const failures = new Failures()
    for (const key of ['k1', 'k2', 'k3']) failures.isOutage('T', key, error, 0)
    failures.succeeded(['U'])
    expect(failures.wasOutage('T', error)).toBe(true)
    failures.succeeded(['T'])
    expect(failures.wasOutage('T', error)).toBe(false)
    expect(failures.isOutage('T', 'k4', error, 0)).toBe(false)
  })
})

describe('backoff', () => {
  it('doubles from 50 ms to half a minute, half of it by chance', () => {
    expect([1, 2, 3].map((attempt) => backoff(attempt, 0))).toEqual([50, 100, 200])
    expect(backoff(1, 1)).toBe(100)
    expect([backoff(20, 0), backoff(20, 1)]).toEqual([15_000, 30_000])
  })
})

describe('errorText', () => {
  it('is one line of bounded length', () => {
    expect(errorText(new TypeError('no'))).toBe('TypeError: no')
    expect(errorText('thrown')).toBe('thrown')
    expect(errorText(new Error('x'.repeat(5_000)))).toHaveLength(2_000)
  })
})

describe('F22: isTransient', () => {
  it.each(['08006', '08P01', '40001', '40P01', '53300', '57P01', '55P03'])('%s says nothing about the work', (code) => {
    expect(isTransient(new DatabaseError('x', code))).toBe(true)
  })
  it.each(['23505', '22P02', '42P01', '55000', '0A000'])('%s does', (code) => {
    expect(isTransient(new DatabaseError('x', code))).toBe(false)
  })
  it('no other error is', () => expect(isTransient(Object.assign(new Error('x'), { code: '08006' }))).toBe(false))
})

describe('isUniqueViolation', () => {
  it('asks for the constraint when one is named', () => {
    const error = new DatabaseError('x', '23505', 'users_email')
    expect([isUniqueViolation(error), isUniqueViolation(error, 'users_email'), isUniqueViolation(error, 'users_pkey')]).toEqual([
      true,
      true,
      false,
    ])
    expect(isUniqueViolation(new DatabaseError('x', '23503'))).toBe(false)
  })
})
