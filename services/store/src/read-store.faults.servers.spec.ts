import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RedisServer } from '../../../packages/redis/src/testing/redis-server.ts'
import { eventually } from '../../../packages/runtime/src/testing/eventually.ts'
import { boundStore, ReadStoreShop } from './read-store.fixture.ts'
import { ReadStoreLoad } from './read-store.load.fixture.ts'
import { OPENING_MS } from './seed/scratch-store.fixture.ts'

let server: RedisServer
let shop: ReadStoreShop
beforeAll(async () => {
  shop = await ReadStoreShop.open(() => server.url)
}, OPENING_MS)
beforeEach(async () => {
  await shop.clear()
  server = await RedisServer.start()
})
afterEach(async () => {
  await shop.closeInstances()
  await server.remove()
})
afterAll(() => shop.close())

/**
 * Clients of two instances write and read, all the time, while something is done to Redis: none gets an error, none finds
 * less than was acknowledged to anybody, none finds anything older than it has found before. Afterwards Redis holds what the
 * tables hold.
 */
async function under(fault: (load: ReadStoreLoad) => Promise<void>): Promise<void> {
  const projector = await shop.enter()
  const load = await ReadStoreLoad.open(shop)
  try {
    await load.usesRedis()
    await fault(load)
    await load.usesRedis()
  } finally {
    await load.stop()
  }
  expect(load.faults).toEqual([])
  await eventually(async () => (await shop.differences(server.operator)).length === 0, 30_000).catch(async () => {
    expect(await shop.differences(server.operator)).toEqual([])
  })
  await eventually(() => projector.trouble === null)
  await load.isQuick()
}

describe('F32, F34, I12, I13, I20: under load, answers are right and Redis heals by itself', () => {
  it('when it is emptied every few milliseconds', async () => {
    await under(async (load) => {
      for (let emptied = 0; emptied < 150; emptied += 1) {
        const before = load.reads
        await server.operator.flushall()
        await eventually(() => load.reads > before + 3)
      }
    })
  }, 120_000)

  it('when it is killed, stays away and comes back empty, again and again', async () => {
    await under(async (load) => {
      for (let killed = 0; killed < 3; killed += 1) {
        await server.kill()
        await load.progress()
        await server.start()
        await load.usesRedis()
      }
    })
  }, 120_000)

  it('when it comes back with what it held long before', async () => {
    await under(async (load) => {
      await server.operator.save()
      for (let killed = 0; killed < 3; killed += 1) {
        await load.usesRedis()
        await server.kill()
        await server.start()
      }
    })
  }, 120_000)

  it('when it stands still and goes on', async () => {
    await under(async (load) => {
      for (let stopped = 0; stopped < 4; stopped += 1) {
        server.pause()
        await load.progress()
        server.resume()
        await load.usesRedis()
      }
    })
  }, 120_000)

  it('when its memory is full', async () => {
    await under(async (load) => {
      await server.operator.config('SET', 'maxmemory', '1')
      await load.progress()
      await server.operator.config('SET', 'maxmemory', '0')
    })
  }, 120_000)

  it('when it becomes a replica, and is promoted', async () => {
    await under(async (load) => {
      await server.operator.replicaof('127.0.0.1', 1)
      await load.progress()
      await server.operator.replicaof('NO', 'ONE')
    })
  }, 120_000)

  it('when its projection is stopped and begun again', async () => {
    await under(async (load) => {
      for (let begun = 0; begun < 4; begun += 1) {
        await shop.leave()
        await load.progress()
        await shop.enter()
        await load.usesRedis()
      }
    })
  }, 120_000)
})

it('F34: a server that stands still is asked once a second, not once a request', async () => {
  const projector = await shop.enter()
  const store = shop.store()
  let asked = 0
  const { app } = await shop.counter({
    ...boundStore(store),
    readVouched: (kind, ids) => {
      asked += 1
      return store.readVouched(kind, ids)
    },
  })
  const read = async () => expect((await app.inject('/stocks/3')).statusCode).toBe(200)
  await read()
  server.pause()
  asked = 0
  const began = performance.now()
  for (let reads = 0; reads < 100; reads += 1) await read()
  expect(asked).toBeLessThanOrEqual(2 + (performance.now() - began) / 1_000)
  await eventually(() => projector.trouble?.includes('the read store') === true)
  server.resume()
  await eventually(() => projector.trouble === null)
})
