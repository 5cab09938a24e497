import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compatibilityPartitioner } from './client.ts'
import { partitionOf } from './partition.ts'

it('puts a key where the client puts it, of whatever length it is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 1, max: 64 }), (bytes, partitions) => {
      const key = Buffer.from(bytes)
      expect(partitionOf(key, partitions)).toBe(compatibilityPartitioner({ topic: 't', key }, key) % partitions)
    }),
    { numRuns: 2_000 },
  )
})
