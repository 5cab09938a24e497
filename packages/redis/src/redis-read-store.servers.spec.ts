import { Redis } from 'ioredis'
import { afterAll, describe } from 'vitest'
import { readStoreConformance } from '../../runtime/src/testing/read-store-conformance.ts'
import { redisReadStore } from './redis-read-store.ts'

const url = process.env.TEST_REDIS_URL

describe.skipIf(url === undefined)('redisReadStore', () => {
  const prefix = `test-${process.pid}:`
  const operator = new Redis(url ?? '', { lazyConnect: true })
  const empty = async () => {
    const keys = await operator.keys(`${prefix}*`)
    if (keys.length > 0) await operator.del(keys)
  }
  afterAll(async () => {
    await empty()
    operator.disconnect()
  })

  readStoreConformance('redisReadStore', async () => redisReadStore({ url: url ?? '', prefix, timeoutMs: 2_000 }), { empty })
})
