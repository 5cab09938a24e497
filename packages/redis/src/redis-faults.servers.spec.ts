import { ReadStoreError } from '@comptoir/runtime'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../runtime/src/testing/eventually.ts'
import { MuteProxy } from '../../runtime/src/testing/mute-proxy.ts'
import { entryOf } from '../../runtime/src/testing/read-store-conformance.ts'
import { redisReadStore } from './redis-read-store.ts'
import { RedisServer } from './testing/redis-server.ts'

/** Where the time-out is not what is tested, a busy machine must not run into it. */
const patientMs = 5_000
/** What a busy machine may take beyond the store's own time-out. */
const slackMs = 1_500

describe.skipIf(process.env.TEST_REDIS_URL === undefined)('redisReadStore and a server in trouble', () => {
  let server: RedisServer
  let store: ReturnType<typeof redisReadStore>

  beforeEach(async () => {
    server = await RedisServer.start()
    store = redisReadStore({ url: server.url, timeoutMs: patientMs })
  })
  afterEach(async () => {
    await store.close()
    await server.remove()
  })

  const write = async (id: number, version: number) => store.write('order', [entryOf(id, version)], await store.generation())
  const read = async (id: number) => (await store.read('order', [id]))[0]
  const works = async () => {
    const id = 1_000_000 + Math.floor(Math.random() * 1_000_000)
    await write(id, 1)
    return (await read(id)) !== undefined
  }
  const healed = () => eventually(() => works().catch(() => false))
  const everyQuestion = (by: typeof store, generation: string) => [
    () => by.read('order', [1]),
    () => by.write('order', [entryOf(1, 9)], generation),
    () => by.drop('order', [{ id: 1, version: 9 }]),
    () => by.generation(),
    () => by.readVouched('order', [1]),
    () => by.now(),
    () => by.vouch(generation, Date.now() + 60_000),
  ]
  /** All at once, again and again: each fails as it should, in time. */
  const refusesEverything = async (by: typeof store, generation: string) => {
    for (let round = 0; round < 3; round++) {
      const asked = performance.now()
      const answers = await Promise.allSettled(everyQuestion(by, generation).map((question) => question()))
      expect(performance.now() - asked).toBeLessThan(200 + slackMs)
      for (const answer of answers) expect(answer).toEqual({ status: 'rejected', reason: expect.any(ReadStoreError) as unknown })
    }
  }

  it('keeps to the hashes that others read', async () => {
    await write(17, 3)
    const generation = await store.generation()
    expect(await server.operator.hgetall('order:17')).toEqual({ status: 'version 3', odd: 'yes', version: '3', generation })
    expect((await server.operator.keys('*')).sort()).toEqual(['generation', 'order:17'])
  })

  it('goes on when the server forgets its scripts', async () => {
    await write(1, 1)
    await server.operator.script('FLUSH')
    await write(1, 2)
    expect(await read(1)).toEqual(entryOf(1, 2))
  })

  it('is refused while the server is down, and comes back under another generation', async () => {
    await write(1, 1)
    const before = await store.generation()
    await server.kill()
    await refusesEverything(store, before)
    await server.start()
    await healed()
    expect(await store.generation()).not.toBe(before)
    expect(await read(1)).toBeUndefined()
  })

  it('shows nothing of a dump: what was newer has been shown and is lost', async () => {
    await write(1, 1)
    await server.operator.save()
    await write(1, 2)
    const before = await store.generation()
    await server.kill()
    await server.start()
    expect(await server.operator.hget('order:1', 'version')).toBe('1')
    await eventually(() =>
      read(1).then(
        () => true,
        () => false,
      ),
    )
    expect(await read(1)).toBeUndefined()
    await expect(store.write('order', [entryOf(1, 1)], before)).rejects.toThrow(ReadStoreError)
    await write(1, 2)
    expect(await read(1)).toEqual(entryOf(1, 2))
  })

  it('does not hang on a server that stands still, and goes on with it', async () => {
    await write(1, 1)
    const before = await store.generation()
    const prompt = redisReadStore({ url: server.url })
    await eventually(() =>
      prompt.generation().then(
        () => true,
        () => false,
      ),
    )
    server.pause()
    await refusesEverything(prompt, before)
    // The system still accepts connections for it.
    const late = redisReadStore({ url: server.url })
    await refusesEverything(late, before)
    server.resume()
    for (const by of [store, prompt, late])
      await eventually(() =>
        by.read('order', [1]).then(
          ([entry]) => !!entry,
          () => false,
        ),
      )
    await Promise.all([prompt.close(), late.close()])
  })

  it('gives up a silent connection and makes a new one', async () => {
    const proxy = await MuteProxy.before(server.url)
    const far = redisReadStore({ url: proxy.url, timeoutMs: 900 })
    const before = await store.generation()
    await eventually(() =>
      far.generation().then(
        () => true,
        () => false,
      ),
    )
    proxy.muteAll()
    await expect(far.read('order', [1])).rejects.toThrow(ReadStoreError)
    await eventually(() => proxy.accepted > 1)
    await eventually(() =>
      far.read('order', [1]).then(
        () => true,
        () => false,
      ),
    )
    expect(await far.generation()).toBe(before)
    await far.close()
    proxy.close()
  })

  it('is refused when the memory is full, and shows no entry that was to be dropped', async () => {
    await write(1, 1)
    await write(2, 1)
    const before = await store.generation()
    await server.operator.config('SET', 'maxmemory', '1')
    await expect(store.write('order', [entryOf(1, 2)], before)).rejects.toThrow(ReadStoreError)
    expect(await read(1)).toEqual(entryOf(1, 1))
    await store.drop('order', [{ id: 1, version: 2 }])
    expect(await read(1)).toBeUndefined()
    await server.operator.config('SET', 'maxmemory', '0')
    await store.write('order', [entryOf(1, 1)], before)
    expect(await read(1)).toBeUndefined()
    await store.write('order', [entryOf(1, 2)], before)
    expect(await store.read('order', [1, 2])).toEqual([entryOf(1, 2), entryOf(2, 1)])
  })

  it('loses no version to a write that the memory was too full for', async () => {
    await write(1, 5)
    const generation = await store.generation()
    await server.operator.config('SET', 'maxmemory', '1')
    // Version 6 has a field less: it would have to be taken away.
    await expect(store.write('order', [entryOf(1, 6)], generation)).rejects.toThrow(ReadStoreError)
    await server.operator.config('SET', 'maxmemory', '0')
    await store.write('order', [entryOf(1, 4)], generation)
    expect(await read(1)).toEqual(entryOf(1, 5))
  })

  it('is refused by a replica, shows nothing of it, and goes on when it is promoted', async () => {
    await write(1, 1)
    const generation = await store.generation()
    await server.operator.replicaof('127.0.0.1', 1)
    await expect(store.write('order', [entryOf(1, 2)], generation)).rejects.toThrow(ReadStoreError)
    await eventually(() =>
      store.drop('order', [{ id: 1, version: 2 }]).then(
        () => false,
        () => true,
      ),
    )
    await server.operator.replicaof('NO', 'ONE')
    await healed()
  })

  it('takes a key of another type for missing, and replaces it', async () => {
    const generation = await store.generation()
    await server.operator.set('order:1', 'by hand')
    await server.operator.set('order:2', 'by hand')
    expect(await store.read('order', [1, 2])).toEqual([undefined, undefined])
    await store.write('order', [entryOf(1, 1)], generation)
    await store.drop('order', [{ id: 2, version: 2 }])
    await store.write('order', [entryOf(2, 1)], generation)
    expect(await store.read('order', [1, 2])).toEqual([entryOf(1, 1), undefined])
    await server.operator.del('generation')
    await server.operator.lpush('generation', 'by hand')
    expect(await read(1)).toBeUndefined()
    expect(await works()).toBe(true)
  })

  it('gives the mark of a dropped entry an end, and the entry that replaces it none', async () => {
    await store.generation()
    await store.drop('order', [{ id: 1, version: 2 }])
    expect(await server.operator.ttl('order:1')).toBeGreaterThan(80_000)
    await write(1, 2)
    expect(await server.operator.ttl('order:1')).toBe(-1)
  })

  it('never shows an older version to anybody, and heals, while it is emptied again and again', async () => {
    const entities = [1, 2, 3, 4, 5]
    const truth = new Map(entities.map((id) => [id, 1]))
    const stores = [store, ...Array.from({ length: 3 }, () => redisReadStore({ url: server.url, timeoutMs: patientMs }))]
    const figures = { commits: 0, emptied: 0, written: 0, refused: 0, hits: 0 }
    let running = true
    const busy = async (work: () => Promise<void>) => {
      while (running) await work()
    }
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
    const any = () => entities[Math.floor(Math.random() * entities.length)] ?? 1

    const commit = async () => {
      const id = any()
      truth.set(id, (truth.get(id) ?? 0) + 1)
      figures.commits += 1
      await turn()
    }
    /** As a projection does: reads the write side under a generation, and writes what it read some time later. */
    const project = async (by: typeof store) => {
      try {
        const generation = await by.generation()
        const read = entities.map((id) => entryOf(id, truth.get(id) ?? 0))
        for (let turns = Math.floor(Math.random() * 5); turns > 0; turns--) await turn()
        await by.write('order', read, generation)
        figures.written += 1
      } catch (error) {
        if (!(error instanceof ReadStoreError)) throw error
        figures.refused += 1
      }
    }
    const dropSome = async (by: typeof store) => {
      const id = any()
      await by.drop('order', [{ id, version: truth.get(id) ?? 0 }])
      await turn()
    }
    /** A session that never goes back, whichever instance it asks. */
    const session = async () => {
      const held = new Map<number, number>()
      await busy(async () => {
        const by = stores[Math.floor(Math.random() * stores.length)] ?? store
        for (const entry of await by.read('order', entities)) {
          if (!entry) continue
          figures.hits += 1
          expect(entry.version).toBeGreaterThanOrEqual(held.get(entry.id) ?? 0)
          expect(entry.version).toBeLessThanOrEqual(truth.get(entry.id) ?? 0)
          expect(entry.fields.status).toBe(`version ${entry.version}`)
          held.set(entry.id, entry.version)
        }
      })
    }
    const flush = async () => {
      const before = figures.written + figures.hits
      await eventually(() => figures.written + figures.hits > before + 20)
      await server.operator.flushall()
      figures.emptied += 1
      running = figures.emptied < 100
    }

    await Promise.all([
      busy(commit),
      busy(flush),
      ...stores.map((by) => busy(() => project(by))),
      busy(() => dropSome(store)),
      ...Array.from({ length: 4 }, session),
    ]).finally(() => {
      running = false
    })
    expect(figures.refused).toBeGreaterThan(0)
    expect(figures.hits).toBeGreaterThan(1_000)

    await project(store)
    expect(await store.read('order', entities)).toEqual(entities.map((id) => entryOf(id, truth.get(id) ?? 0)))
    await Promise.all(stores.slice(1).map((by) => by.close()))
  })
})

describe('redisReadStore without a server', () => {
  it('is refused at once, and closes', async () => {
    const store = redisReadStore({ url: 'redis://127.0.0.1:1', timeoutMs: 4 * patientMs })
    await expect(store.generation()).rejects.toThrow(ReadStoreError)
    const asked = performance.now()
    await expect(store.read('order', [1])).rejects.toThrow(ReadStoreError)
    expect(performance.now() - asked).toBeLessThan(patientMs)
    await store.close()
  })
})
