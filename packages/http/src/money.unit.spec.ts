import { describe, expect, it } from 'vitest'
import { hasPrecision, toDecimal, toMinor } from './money.ts'

describe('money', () => {
  it.each([
    [19.99, 1999],
    [0.01, 1],
    [1.1, 110],
    [1.15, 115],
    [4.35, 435],
    [-0.05, -5],
    [0, 0],
    [1_000_000_000, 100_000_000_000],
    [35_184_372_088_831.99, 3_518_437_208_883_199],
  ])('%d is %i minor units, and back', (amount, minor) => {
    expect(toMinor(amount)).toBe(minor)
    expect(toDecimal(minor)).toBe(amount)
  })

  it('every amount of cents up to 1,000,000 comes back as it was', () => {
    for (let minor = 0; minor <= 1_000_000; minor += 1) {
      if (toMinor(toDecimal(minor)) !== minor) expect.fail(`${minor} came back as ${toMinor(toDecimal(minor))}`)
    }
  })

  it.each([19.999, 0.005, 1e-7, 1e21, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'row 21: %d has no minor units',
    (amount) => {
      expect(() => toMinor(amount)).toThrow(RangeError)
    },
  )

  it('row 21: decimals are counted on the shortest text', () => {
    expect([19.99, 1e12, 1e21, 5, 0.1].map((number) => hasPrecision(number, 2))).not.toContain(false)
    expect([19.999, 0.005, 1e-7, 1.005, 0.1 + 0.2].map((number) => hasPrecision(number, 2))).not.toContain(true)
  })
})
