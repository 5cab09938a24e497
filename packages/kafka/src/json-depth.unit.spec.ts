import { expect, it } from 'vitest'
import { depthOf } from './json-depth.ts'

it.each([
  ['1', 0],
  ['{}', 1],
  ['[[1],[[2]]]', 3],
  ['"[[["', 0],
  [String.raw`["\"[[", {"a\\": []}]`, 3],
  ['['.repeat(100_000), 100_000],
])('counts the levels of %.30s', (json, depth) => {
  expect(depthOf(json)).toBe(depth)
})
