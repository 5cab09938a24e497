import { describe, expect, test } from 'vitest'
import { arrayText, parseArray } from './array-text.ts'

const same = (text: string) => text

describe('array literals', () => {
  test.each([
    [[]],
    [['a', 'b c', '']],
    [['"', '\\', '\\"', 'a"b\\c', '\\\\']],
    [[',', '{', '}', '{a,b}', ' padded ']],
    [['NULL', 'null', null]],
    [['line\nbreak', 'tab\t', '😀é', "it's"]],
  ])('%j comes back as it was', (elements) => {
    expect(parseArray(arrayText(elements), same)).toEqual(elements)
  })

  test('unquoted elements, as the server writes them, are read', () => {
    expect(parseArray('{1,-2,NULL,3}', Number)).toEqual([1, -2, null, 3])
  })

  test.each(['{{1,2},{3,4}}', '[0:1]={1,2}'])('%s is refused rather than misread', (literal) => {
    expect(() => parseArray(literal, same)).toThrow(TypeError)
  })
})
