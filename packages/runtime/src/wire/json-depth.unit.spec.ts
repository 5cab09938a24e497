import { describe, expect, test } from 'vitest'
import { refuseDeepJson } from './json-depth.ts'

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const padded = (json: string) => json + ' '.repeat(3000)

describe('depth of JSON', () => {
  test('1,000 levels pass, 1,001 do not', () => {
    expect(() => refuseDeepJson(padded(nested(1000)))).not.toThrow()
    expect(() => refuseDeepJson(nested(1100))).toThrow(expect.objectContaining({ code: '54001' }))
    expect(() => refuseDeepJson(padded(nested(1001)))).toThrow(expect.objectContaining({ code: '54001' }))
  })

  test('objects and elements of an array count too', () => {
    const object = `${'{"a":'.repeat(1001)}1${'}'.repeat(1001)}`
    expect(() => refuseDeepJson(object)).toThrow(/nested deeper/)
    expect(() => refuseDeepJson(['1', object])).toThrow(/nested deeper/)
  })

  test('brackets inside strings do not count, whatever is escaped', () => {
    expect(() => refuseDeepJson(JSON.stringify([`\\"${'['.repeat(5000)}`]))).not.toThrow()
  })

  test('many brackets side by side are not deep', () => {
    expect(() => refuseDeepJson(`[${'[],'.repeat(5000)}[]]`)).not.toThrow()
  })
})
