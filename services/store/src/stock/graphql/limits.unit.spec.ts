import { parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import { exceededLimits } from './limits.ts'

const faults = (query: string): string[] => exceededLimits(parse(query)).map((error) => error.message)
const nested = (depth: number): string => '{ a '.repeat(depth) + '}'.repeat(depth)
const repeat = (times: number, one: (i: number) => string): string => Array.from({ length: times }, (_, i) => one(i)).join(' ')

describe('row 56: limits', () => {
  test('depth 8 passes, 9 does not', () => {
    expect(faults(nested(8))).toEqual([])
    expect(faults(nested(9))).toEqual([expect.stringContaining('8 fields deep')])
  })

  test('15 aliases pass, 16 do not', () => {
    expect(faults(`{ ${repeat(15, (i) => `a${i}: x`)} }`)).toEqual([])
    expect(faults(`{ ${repeat(16, (i) => `a${i}: x`)} }`)).toEqual([expect.stringContaining('15 aliases')])
  })

  test('200 fields pass, 201 do not', () => {
    expect(faults(`{ ${repeat(200, () => 'x')} }`)).toEqual([])
    expect(faults(`{ ${repeat(201, () => 'x')} }`)).toEqual([expect.stringContaining('200 fields')])
  })

  test('fragments and inline fragments count where they are spread', () => {
    expect(faults(`{ ...F } fragment F on Q { a { ... on Q ${nested(8)} } }`)).toEqual([expect.stringContaining('deep')])
    expect(faults(`{ ${repeat(4, (i) => `f${i}: x { ...F }`)} } fragment F on Q { a: x b: x c: x }`)).toEqual([
      expect.stringContaining('aliases'),
    ])
  })

  test('a hundred fragments that each spread the next one twice are measured at once', () => {
    const bomb = repeat(100, (i) => `fragment F${i} on Q { a ...F${i + 1} ...F${i + 1} }`)
    expect(faults(`{ ...F0 } ${bomb} fragment F100 on Q { a }`)).toEqual([expect.stringContaining('200 fields')])
  })

  test('a cycle of fragments ends', () => {
    expect(faults('{ ...A } fragment A on Q { x ...B } fragment B on Q { y ...A }')).toEqual([])
  })
})
