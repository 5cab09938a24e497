import { describe, expect, it } from 'vitest'
import { checkTogether } from './check-together.ts'
import { declared, named, shaped, step } from './testing/declared.ts'

describe('checkTogether', () => {
  const one = declared([step('pivot', 'pay')], { name: 'One' })

  it('lets sagas with messages of their own, and versions of one saga, run side by side', () => {
    expect(
      checkTogether([
        one,
        declared([step('pivot', 'refund')], { name: 'Two' }),
        declared([step('pivot', 'pay')], { name: 'One', version: 2 }),
      ]),
    ).toEqual([])
  })

  it('knows one declaration that two services mention', () => {
    expect(checkTogether([one, one])).toEqual([])
  })

  it('refuses two declarations of one name and version, once', () => {
    expect(checkTogether([one, declared([step('pivot', 'pay', 'bank')], { name: 'One' })])).toEqual([
      'saga One version 1 is declared twice: raise the version of the newer declaration',
    ])
  })

  it.each([
    ['a step', [step('pivot', 'pay')], 'payDone'],
    ['a failure', [{ ...step('pivot', 'refund'), failed: named('payFailed') }], 'payFailed'],
    ['the beginning', [{ ...step('pivot', 'refund'), done: named('OneRequested') }], 'OneRequested'],
  ] as const)('refuses a message of %s in two sagas', (_, steps, message) => {
    const problem = `message ${message} belongs to saga One and to saga Two: rename one, readers of the feed could not tell them apart`
    expect(checkTogether([one, declared(steps, { name: 'Two' })])).toContain(problem)
  })

  it('lets several sagas end with the same message', () => {
    expect(checkTogether([one, shaped(['pivot'])])).toEqual([])
  })
})
