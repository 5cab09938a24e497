import type { Queryable } from '@comptoir/runtime'
import { Redis } from 'ioredis'
import { readStoreDifferences } from '../../services/store/src/read-store-differences.fixture.ts'
import type { Statement } from '../crash/invariants/check.ts'

/** What is checked here. */
export const readStoreTruthful: Statement = { invariant: 'I12', rule: 'Redis holds what the read model shows, and nothing else' }

/**
 * How all that a Redis holds differs from the read model, in words.
 *
 * @param publicUrl what the payment links of the orders begin with
 */
export async function readStoreFaults(db: Queryable, url: string, publicUrl: string): Promise<string[]> {
  const redis = new Redis(url, { lazyConnect: true })
  try {
    await redis.connect()
    const linkTo = (payment: number) => `${publicUrl}/payments-api/payments/process/${payment}`
    const differences = await readStoreDifferences(db, redis, linkTo)
    return differences.map((difference) => `I12 broken: ${readStoreTruthful.rule}. ${difference}`)
  } finally {
    redis.disconnect()
  }
}
