import { expect, it } from 'vitest'
import { type Duration, durationText, milliseconds } from './duration.ts'

it.each([
  ['500ms', 500],
  ['1.5s', 1_500],
  ['10m', 600_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
] as const)('%s is %d ms', (duration, expected) => {
  expect(milliseconds(duration)).toBe(expected)
})

it.each(['0s', '-1s', '10', 'm', '1 s', '1w', '1e3s', 'NaNs', 'Infinitys', ''])('refuses %j', (text) => {
  expect(() => milliseconds(text as Duration)).toThrow(
    `${text} is no duration: write a number above 0 and ms, s, m, h or d, such as 10m`,
  )
})

it.each([
  [500, '500ms'],
  [1_500, '1500ms'],
  [30_000, '30s'],
  [600_000, '10m'],
  [604_800_000, '7d'],
])('%d ms is %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})
