import { randomBytes } from 'node:crypto'
import type { Clock, Ids, Random } from './ports/clock.ts'

export const systemClock: Clock = { now: () => Date.now() }
export const systemRandom: Random = { next: () => Math.random() }

/**
 * UUIDv7 (RFC 9562, 5.7) with a 12-bit counter in rand_a, so that the ids of one process strictly increase; 62 random bits
 * keep two processes apart.
 */
export function systemIds(clock: Clock = systemClock): Ids {
  let last = 0
  let counter = 0
  let pool = Buffer.alloc(0)
  let used = 0
  const random = (bytes: number) => {
    if (used + bytes > pool.length) {
      pool = randomBytes(4096)
      used = 0
    }
    used += bytes
    return pool.subarray(used - bytes, used)
  }
  return {
    uuid() {
      const now = clock.now()
      counter = now > last ? random(1).readUInt8() : counter + 1
      last = Math.max(last, now)
      if (counter > 0xfff) {
        last += 1
        counter = 0
      }
      const time = last.toString(16).padStart(12, '0')
      const rest = random(8).toString('hex')
      const variant = ((Number.parseInt(rest.charAt(0), 16) & 3) | 8).toString(16)
      return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${variant}${rest.slice(1, 4)}-${rest.slice(4)}`
    },
  }
}

/** The smallest UUIDv7 of that time: a bound for ranges of ids. */
export function firstUuidAt(milliseconds: number): string {
  const time = Math.max(0, Math.floor(milliseconds)).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`
}
