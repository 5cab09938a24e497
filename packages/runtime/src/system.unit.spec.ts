import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstUuidAt, systemClock, systemIds } from './system.ts'

const v7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const timeOf = (uuid: string) => Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16)

describe('systemIds', () => {
  it('F41: makes valid UUIDv7 that strictly increase, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5_000, max: 5 }), { maxLength: 50 }), (steps) => {
        let now = 1_900_000_000_000
        const ids = systemIds({ now: () => now })
        const made = [ids.uuid()]
        for (const step of steps) {
          now += step
          made.push(ids.uuid(), ids.uuid())
        }
        for (const id of made) expect(id).toMatch(v7)
        expect(made).toEqual([...made].sort())
        expect(new Set(made).size).toBe(made.length)
      }),
    )
  })

  it('goes on into the next millisecond when one is used up', () => {
    const ids = systemIds({ now: () => 1_900_000_000_000 })
    const made = Array.from({ length: 10_000 }, () => ids.uuid())
    expect(made).toEqual([...made].sort())
    expect(new Set(made).size).toBe(10_000)
    expect(timeOf(made[0] ?? '')).toBe(1_900_000_000_000)
    expect(timeOf(made.at(-1) ?? '')).toBeGreaterThan(1_900_000_000_000)
  })

  it('carries the time', () => {
    const before = systemClock.now()
    const time = timeOf(systemIds().uuid())
    expect(time).toBeGreaterThanOrEqual(before)
    expect(time).toBeLessThanOrEqual(systemClock.now())
  })

  it('makes others in another process at the same time', () => {
    const clock = { now: () => 1_900_000_000_000 }
    const random = (uuid: string) => uuid.slice(19)
    expect(random(systemIds(clock).uuid())).not.toBe(random(systemIds(clock).uuid()))
  })
})

describe('firstUuidAt', () => {
  it('is not above any id of its time, and above all before', () => {
    const at = (now: number) => systemIds({ now: () => now }).uuid()
    expect(firstUuidAt(1_900_000_000_000) < at(1_900_000_000_000)).toBe(true)
    expect(firstUuidAt(1_900_000_000_000) > at(1_899_999_999_999)).toBe(true)
    expect(firstUuidAt(-1)).toBe('00000000-0000-0000-0000-000000000000')
  })
})
