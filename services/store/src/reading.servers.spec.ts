import { afterAll, beforeAll } from 'vitest'
import { RedisServer } from '../../../packages/redis/src/testing/redis-server.ts'
import { eventually } from '../../../packages/runtime/src/testing/eventually.ts'
import { ReadStoreShop } from './read-store.fixture.ts'
import { readingConformance } from './reading-conformance.fixture.ts'

let server: RedisServer
let shop: ReadStoreShop
beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.remove())

async function open(): Promise<ReadStoreShop> {
  shop = await ReadStoreShop.open(() => server.url)
  await shop.enter()
  return shop
}

readingConformance('the tables with Redis before them', open, {
  statements: 0,
  async bringLate(_shop, id) {
    await eventually(async () => (await server.operator.hget(`stock:${id}`, 'dropped')) === '1')
    const store = shop.store()
    await store.write('stock', [{ id, version: 1_000, fields: { quantity: '0' } }], await store.generation())
  },
  lose: () => server.operator.flushall(),
})
