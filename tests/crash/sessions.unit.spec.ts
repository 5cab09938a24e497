import { expect, test } from 'vitest'
import { follows, Sessions } from './sessions.ts'

test.each([
  [undefined, 'PENDING', true],
  ['PENDING', 'PLACED', true],
  ['PLACED', 'PAID', true],
  ['CANCELLING', 'PAID', true],
  ['PAID', 'PAID', true],
  ['PLACED', 'PENDING', false],
  ['CANCELLED', 'CANCELLING', false],
  ['PAID', 'CANCELLED', false],
  ['PLACED', 'LOST', false],
])('I13: after %s, %s may be read: %s', (before, status, may) => {
  expect(follows(before, status)).toBe(may)
})

test('I13: what was read late does not hide what was read meanwhile, nor what was written', () => {
  const sessions = new Sessions()
  sessions.wrote(1, 'PAID')
  sessions.read(1, 'PLACED')
  sessions.read(1, 'PENDING')
  expect(sessions.of(1)).toEqual({ read: 'PLACED', written: 'PAID' })
})
