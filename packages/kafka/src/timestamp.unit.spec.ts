import { expect, it } from 'vitest'
import { millisecondsOf } from './timestamp.ts'

it.each([
  ['2026-11-22T21:06:44Z', Date.UTC(2026, 10, 22, 21, 6, 44)],
  ['2026-11-22T21:06:44.5z', Date.UTC(2026, 10, 22, 21, 6, 44, 500)],
  ['2026-11-22t21:06:44.123456789+02:00', Date.UTC(2026, 10, 22, 19, 6, 44, 123)],
  ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
  ['1990-01-01T00:00:00-00:00', Date.UTC(1990, 0, 1)],
])('reads %s', (text, milliseconds) => {
  expect(millisecondsOf(text)).toBe(milliseconds)
})

it.each([
  'yesterday',
  '2026-11-22',
  '2026-11-22 21:06:44Z',
  '2026-11-22T21:06:44',
  '2026-11-22T21:06Z',
  '2026-02-30T00:00:00Z',
  '2027-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-11-22T25:00:00Z',
  '2026-11-22T23:59:60Z',
  '+012026-11-22T21:06:44Z',
])('refuses %s', (text) => {
  expect(millisecondsOf(text)).toBeNull()
})
